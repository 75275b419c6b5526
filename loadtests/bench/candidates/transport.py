"""A client of services, as the data path would use it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gateway.core.exchange import Headers, Request


class Failed(Exception):  # noqa: N818 - named for what happened
    """There was no usable answer, whatever the library calls that."""


class Source(Protocol):
    """A request body that is still arriving; `length` is None when it is not known."""

    length: int | None

    async def take(self) -> bytes:
        """The next piece, empty at the end."""
        ...


class Given(Protocol):
    """A response whose body is still arriving; header names and values are latin-1 texts of the bytes sent."""

    status: int
    headers: Headers

    async def take(self) -> bytes:
        """The next piece, empty at the end; raises Failed."""
        ...

    async def close(self) -> None:
        """Give the rest up."""
        ...


class Transport(Protocol):
    """A pool of connections to services."""

    async def send(self, base: str, request: Request, source: Source | None = None) -> Given:
        """Send a request to a base URL and wait, for a second at most, for the head of its answer; raises Failed."""
        ...

    async def close(self) -> None:
        """Close every connection."""
        ...
