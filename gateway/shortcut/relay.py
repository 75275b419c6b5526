"""An answer's head as a shortcut passes it on: worked out once for a head and the page that asks. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from gateway.core.exchange import Request
from gateway.cors import with_cors
from gateway.headers import response_headers
from gateway.listen.head import BODYLESS, STATUS_LINES

if TYPE_CHECKING:
    from gateway.core.exchange import Headers
    from gateway.core.policy import Cors
    from gateway.transport.heads import Head

_ADDRESSES = frozenset({"location", "content-location"})
_LIMITS = ("ratelimit", "x-ratelimit-")
_MANNERS = 64
"""For so many manners it is remembered how one head is passed on."""


@dataclass(frozen=True, eq=False, slots=True)
class Manner:
    """What an answer's head depends on beside the service's: the CORS policy, and the Origin that asks, if any."""

    cors: Cors
    origin: str | None


class Relayed(NamedTuple):
    """The head up to the gateway's own limits and request id, and what follows these; whole lines, latin-1."""

    before: str
    after: str


def relayed(head: Head, manner: Manner) -> Relayed | None:
    """The same as the ordinary way makes of it; None where that needs more than the head to decide.

    That is: an answer without a body or of unknown length, without a date, with an address to be rewritten, or with
    the service's own word on limits.
    """
    known: dict[Manner, Relayed | None] = head.told
    if manner not in known:
        if len(known) >= _MANNERS:
            known.clear()
        known[manner] = _relayed(head, manner)
    return known[manner]


def _relayed(head: Head, manner: Manner) -> Relayed | None:
    headers = response_headers(head.headers)
    names = [name.lower() for name, _ in headers]
    if head.status in BODYLESS or names.count("content-length") != 1 or "date" not in names:
        return None
    if any(name in _ADDRESSES or name.startswith(_LIMITS) for name in names):
        return None
    origin = () if manner.origin is None else (("origin", manner.origin),)
    whole = with_cors(manner.cors, Request("GET", "/", origin), headers)
    before, after = _lines(headers), _lines(whole[len(headers) :])
    text = before + after
    if text.count("\n") != len(whole) or text.count("\r") != len(whole) or "\0" in text:
        return None
    return Relayed(STATUS_LINES[head.status].decode() + before, after)


def _lines(headers: Headers) -> str:
    return "".join([f"{name.lower()}: {value}\r\n" for name, value in headers])
