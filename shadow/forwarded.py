"""What the shadow changes in a request: who the client is, and nothing else that a service would see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.exchange import header_values
from gateway.core.mark import MARK_HEADER
from gateway.core.trusted import is_address, is_trusted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.core.exchange import Headers

FORWARDED_FOR = "X-Forwarded-For"
FORWARDED_PROTO = "X-Forwarded-Proto"
LOOP_HEADER = "CDN-Loop"
LOOP = "cutover-shadow"
"""What a copy to a gateway that is not ours carries, and every intermediary has to pass on (RFC 8586)."""
_PROXY_ONLY = {"proxy-connection", "proxy-authorization"}
_PEER_ONLY = {"x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "forwarded"}
"""Services believe these from the shadow's address; a client's own would be believed with them."""


def client_address(headers: Headers, peer: str, trusted: Sequence[str]) -> str:
    """The nearest address that no trusted proxy vouches for: the list is read from its end."""
    client = peer
    hops = [hop.strip() for value in header_values(headers, FORWARDED_FOR) for hop in value.split(",") if hop.strip()]
    while is_trusted(client, trusted) and hops and is_address(hops[-1]):
        client = hops.pop()
    return client


def forwarded(
    headers: Headers, peer: str, trusted: Sequence[str], *, tls: bool = False, proxied: bool = False
) -> Headers:
    """The headers a service gets: order, case and duplicates kept; the peer's address appended, the mark stripped.

    With `tls` it is told that the client came over TLS, unless a trusted peer has told it otherwise. With `proxied`
    what a client says to its proxy stays here (RFC 9110 §11.7, Proxy-Connection).
    """
    believed = is_trusted(peer, trusted)
    hops = header_values(headers, FORWARDED_FOR) if believed else []
    dropped = {MARK_HEADER.lower(), FORWARDED_FOR.lower()} | (set() if believed else _PEER_ONLY)
    dropped |= _PROXY_ONLY if proxied else set()
    kept = tuple(pair for pair in headers if pair[0].lower() not in dropped)
    told: Headers = ((FORWARDED_PROTO, "https"),) if tls and not header_values(kept, FORWARDED_PROTO) else ()
    return (*kept, (FORWARDED_FOR, ", ".join([*hops, peer])), *told)


def is_marked(headers: Headers) -> bool:
    """Whether a request claims to be a copy, or has passed the shadow as one: then it is never copied again."""
    passed = [item.strip() for value in header_values(headers, LOOP_HEADER) for item in value.split(",")]
    return bool(header_values(headers, MARK_HEADER)) or any(item.partition(";")[0].strip() == LOOP for item in passed)
