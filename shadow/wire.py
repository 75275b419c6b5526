"""Header bytes to text and back, and a whole answer as bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.core.exchange import Headers, Response


def to_text(fields: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Raw header fields as latin-1 text, which loses no byte."""
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in fields)


def to_bytes(headers: Headers) -> tuple[tuple[bytes, bytes], ...]:
    """The inverse of `to_text`."""
    return tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in headers)


def last_answer(response: Response) -> bytes:
    """An answer in HTTP/1.1 after which the connection is closed."""
    lines = [f"HTTP/1.1 {response.status} {response.reason}"]
    lines += [f"{name}: {value}" for name, value in (*response.headers, ("connection", "close"))]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + response.body
