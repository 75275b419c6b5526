"""Orchestration: compute pools and deployments, without any authentication."""
