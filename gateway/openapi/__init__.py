"""The services' OpenAPI documents said in the gateway's terms: one document of everything that is exposed. Pure."""

from gateway.openapi.described import Described, Unusable
from gateway.openapi.merge import merged, with_stages

__all__ = ["Described", "Unusable", "merged", "with_stages"]
