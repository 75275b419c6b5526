"""One request with its response, as captured; bytes stay bytes."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Final, Self

Headers = tuple[tuple[str, str], ...]
"""Name and value pairs in wire order, latin-1 decoded so that every byte survives; duplicates kept."""


def header(headers: Headers, name: str) -> str | None:
    """The first value of a header, names compared without case."""
    lowered, size = name.lower(), len(name)
    for key, value in headers:
        # Most names have another length, and to ask for it costs less than to lower them.
        if len(key) == size and key.lower() == lowered:
            return value
    return None


def header_values(headers: Headers, name: str) -> list[str]:
    """Every value of a header in order."""
    lowered = name.lower()
    return [value for key, value in headers if key.lower() == lowered]


def is_event_stream(headers: Headers) -> bool:
    """Whether the body is a stream of events (HTML standard §9.2)."""
    return (header(headers, "content-type") or "").lower().startswith("text/event-stream")


@dataclass(slots=True, unsafe_hash=True)
class Request:
    """A request as it stood on the wire; `target` is the raw path with query, `client` an address.

    Nothing of it is ever assigned to, which is for the type checker to see: `frozen` makes one four times as dear,
    and each request on its way is made three times.
    """

    method: Final[str]
    target: Final[str]
    headers: Final[Headers] = ()
    body: Final[bytes] = b""
    client: Final[str] = ""

    @property
    def path(self) -> str:
        """The raw path without the query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        """The raw query without the question mark; empty when there is none."""
        return self.target.partition("?")[2]

    @property
    def is_upgrade(self) -> bool:
        """Whether this is a WebSocket handshake (RFC 6455 §4.1)."""
        return (header(self.headers, "upgrade") or "").lower() == "websocket"

    @property
    def is_preflight(self) -> bool:
        """Whether this is a CORS preflight (Fetch standard §3.2.2)."""
        return self.method == "OPTIONS" and header(self.headers, "access-control-request-method") is not None

    def to_json(self) -> dict[str, Any]:
        """A JSON value that `from_json` reads back unchanged."""
        return {
            "method": self.method,
            "target": self.target,
            "headers": [list(pair) for pair in self.headers],
            "body": base64.b64encode(self.body).decode(),
            "client": self.client,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(
            value["method"],
            value["target"],
            tuple((name, text) for name, text in value["headers"]),
            base64.b64decode(value["body"]),
            value["client"],
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """One WebSocket message: who sent it, whether it is text, seconds since the exchange started."""

    from_client: bool
    text: bool
    data: bytes
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class BodySum:
    """What is known of a body that was too large to be kept: bytes, and the SHA-256 over them in hex."""

    length: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Close:
    """How a WebSocket ended (RFC 6455 §7.4): who closed first, and with what code and reason."""

    from_client: bool
    code: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Response:
    """An answer as it stood on the wire; `truncated` when the body was cut at a limit or by a broken stream.

    With a `sum` the body came whole and was not kept: it is empty here.
    `arrivals`, kept of event streams only, says when how much of the body was there: seconds since the exchange
    started, and bytes by then.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    reason: str = ""
    truncated: bool = False
    sum: BodySum | None = None
    arrivals: tuple[tuple[float, int], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON value that `from_json` reads back unchanged."""
        return {
            "status": self.status,
            "headers": [list(pair) for pair in self.headers],
            "body": base64.b64encode(self.body).decode(),
            "reason": self.reason,
            "truncated": self.truncated,
            **({"sum": [self.sum.length, self.sum.sha256]} if self.sum else {}),
            "arrivals": [list(pair) for pair in self.arrivals],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(
            value["status"],
            tuple((name, text) for name, text in value["headers"]),
            base64.b64decode(value["body"]),
            value["reason"],
            value["truncated"],
            BodySum(*value["sum"]) if "sum" in value else None,
            tuple((at, size) for at, size in value.get("arrivals", ())),
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """No answer: `kind` is connect, timeout, broken or refused."""

    kind: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and what came of it.

    `started` is seconds since the epoch; `first_byte` and `total` are seconds since `started`. `close` is None where
    nobody knows how a socket ended, or it never did.
    """

    id: str
    service: str
    request: Request
    response: Response | Failure
    started: float = 0.0
    first_byte: float = 0.0
    total: float = 0.0
    frames: tuple[Frame, ...] = ()
    close: Close | None = None
