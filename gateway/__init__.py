"""The gateway: one address in front of all services."""

__version__ = "0.1.0"
