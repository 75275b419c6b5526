"""What holds for the connections of clients."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tls:
    """The public listener's certificate: paths of PEM files; none means plain HTTP.

    `hsts` is how many seconds a browser shall insist on TLS from then on (RFC 6797); 0 leaves the header out.
    """

    certificate: str = ""
    key: str = ""
    hsts: int = 31_536_000


@dataclass(frozen=True, slots=True)
class Connections:
    """Bounds of the public listener; times in seconds.

    At most `most` connections, `requests` requests on each, `streams` at once over HTTP/2. A request head must be
    there after `head`, a resting connection ends after `keep_alive`. A WebSocket that says nothing is pinged after
    `ping`, and `message` bytes is the longest message.
    """

    most: int = 8192
    requests: int = 100_000
    streams: int = 100
    head: float = 15.0
    keep_alive: float = 75.0
    ping: float = 20.0
    message: int = 16 * 1024 * 1024
