"""Closing a service's legacy port, and proving it: plan, rule set, apply, verify, reopen."""
