"""Where a service listens."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a service (RFC 6454 §4)."""

    scheme: str
    host: str
    port: int

    @classmethod
    def parse(cls, url: str) -> Self:
        """The origin of a base URL.

        Raises:
            ValueError: the URL names no http(s) host.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(f"{url!r} is no http(s) base URL")
        return cls(parts.scheme, parts.hostname, parts.port or (443 if parts.scheme == "https" else 80))

    @property
    def authority(self) -> str:
        """What stands in a Host header; the scheme's own port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.scheme == "https" else 80) else f"{host}:{self.port}"


@lru_cache(maxsize=256)
def origin_of(url: str) -> Origin:
    """`Origin.parse`, remembered."""
    return Origin.parse(url)
