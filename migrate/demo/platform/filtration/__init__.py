"""Filtration: accounts, policy and management."""
