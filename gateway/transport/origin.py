"""Where a service listens."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port of a service (RFC 6454 §4).

    `authority` is what stands in a Host header; the scheme's own port is left out.
    """

    scheme: str
    host: str
    port: int
    authority: str = field(init=False, compare=False)
    _hash: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = self.port == (443 if self.scheme == "https" else 80)
        object.__setattr__(self, "authority", host if usual else f"{host}:{self.port}")
        object.__setattr__(self, "_hash", hash((self.scheme, self.host, self.port)))

    def __hash__(self) -> int:
        return self._hash

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


@lru_cache(maxsize=256)
def origin_of(url: str) -> Origin:
    """`Origin.parse`, remembered."""
    return Origin.parse(url)
