"""Heads of responses that came before, byte for byte: what they mean need not be read again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from gateway.core.exchange import Headers

ENTRIES = 512
"""Heads that are remembered; when there are more, remembering begins anew."""
LONGEST, MOST = 2048, 64
"""Bytes and lines of a head beyond which it is not remembered."""
END = b"\r\n\r\n"


@dataclass(slots=True)
class Head:
    """Status and headers of a response, latin-1 decoded, in wire order with duplicates.

    `told` holds what others have worked out from them alone, and is gone with the head.
    """

    status: int
    headers: Headers
    told: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)


class Known(NamedTuple):
    """A head whose Content-Length alone says how long the body is, on a connection that may be used again."""

    head: Head
    length: int


class Heads:
    """What was read of responses that arrived in one piece, by the bytes of their heads; bounded.

    A service whose answers carry neither ids nor times repeats its heads for as long as a second.
    """

    __slots__ = ("_known", "get")

    def __init__(self) -> None:
        self._known: dict[bytes, Known] = {}
        self.get = self._known.get

    def put(self, data: bytes, head: Head, length: int) -> None:
        """Remember what these bytes mean, wherever a parser that owes nothing reads them before a body."""
        if len(data) > LONGEST or len(head.headers) > MOST:
            return
        if len(self._known) >= ENTRIES:
            self._known.clear()
        self._known[data] = Known(head, length)
