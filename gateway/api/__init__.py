"""The gateway's own pages on the public listener: what is exposed, how the services are, and flags for clients."""

from gateway.api.pages import OWN, Pages

__all__ = ["OWN", "Pages"]
