"""Header rules: hop-by-hop (RFC 9110 §7.6.1), identity that only the gateway may state, forwarding. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.core.exchange import header, header_values
from gateway.core.recall import recalled
from gateway.core.trusted import is_address, is_trusted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.core.exchange import Headers

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-authentication-info",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "http2-settings",
    }
)
_FRAMING = frozenset({"host", "content-length", "expect"})
_AUTHORIZATION = frozenset({"authorization"})
_LENGTH = frozenset({"content-length"})
_NONE: frozenset[str] = frozenset()
_VIA = ("Via", "1.1 cutover")
_IDENTITY = re.compile(
    r"x-(?:auth-)?(?:user|org|organi[sz]ation|tenant|role|roles|internal|forwarded|original|authenticated)(?:-.*)?"
    r"|x-real-ip|x-client-ip|x-ip-address|x-cluster-client-ip|true-client-ip|cf-connecting-ip|forwarded"
    r"|x-rewrite-url|x-http-method(?:-override)?|x-method-override|cutover-.*"
)
_FOLD = re.compile(r"[^a-z0-9]")


@lru_cache(maxsize=4096)
def states_identity(name: str) -> bool:
    """Whether a header, in any spelling, claims what only the gateway may say.

    Case and separators are folded first: servers that pass headers as variables read `X_User_Id` as `X-User-ID`.
    """
    return _IDENTITY.fullmatch(_FOLD.sub("-", name.lower())) is not None


def nominated(headers: Headers) -> frozenset[str]:
    """Names that Connection nominates as hop-by-hop, in lower case."""
    values = [value for name, value in headers if name.lower() == "connection"]
    if not values:
        return _NONE
    return _tokens(values[0]) if len(values) == 1 else _NONE.union(*map(_tokens, values))


@lru_cache(maxsize=256)
def _tokens(value: str) -> frozenset[str]:
    return frozenset(token.strip().lower() for token in value.split(",") if token.strip())


def request_headers(headers: Headers, *, authorization: bool) -> Headers:
    """What of a client's headers may travel on: end-to-end, stating no identity, framing left out.

    Order, case and duplicates stay. With `authorization` false that header is taken out as well.
    """
    kept = [pair for pair in headers if not _ends_here(pair[0])]
    dropped = nominated(headers) - HOP_BY_HOP
    if not authorization:
        dropped |= _AUTHORIZATION
    return tuple([pair for pair in kept if pair[0].lower() not in dropped] if dropped else kept)


@lru_cache(maxsize=4096)
def _ends_here(name: str) -> bool:
    lowered = name.lower()
    return lowered in HOP_BY_HOP or lowered in _FRAMING or states_identity(name)


def response_headers(headers: Headers) -> Headers:
    """What of a service's answer may travel on: end-to-end, without CORS (the gateway has one policy of its own)."""
    kept = [pair for pair in headers if not _ends_here_in_answers(pair[0])]
    if len(kept) == len(headers):
        # Connection and Transfer-Encoding end here themselves: neither was there.
        return headers
    dropped = nominated(headers) - HOP_BY_HOP
    if header(headers, "transfer-encoding") is not None:
        dropped |= _LENGTH
    return tuple([pair for pair in kept if pair[0].lower() not in dropped] if dropped else kept)


@lru_cache(maxsize=4096)
def _ends_here_in_answers(name: str) -> bool:
    lowered = name.lower()
    own = lowered.startswith(("access-control-", "cutover-")) or lowered == "x-request-id"
    return own or lowered in HOP_BY_HOP


def forwarded(
    headers: Headers, peer: str, scheme: str, trusted: Sequence[str], *, chain: bool = True
) -> tuple[Headers, str]:
    """`X-Forwarded-For`, `-Proto`, `-Host` and `Via` for the service, and the client's address.

    Only a trusted peer is believed, and of its chain only what stands right of the nearest stranger: whatever a
    client writes itself never becomes the first element. With `chain` false no header is believed.
    """
    return _forwarded(headers, peer, scheme, tuple(trusted), chain)


@recalled
def _forwarded(
    headers: Headers,
    peer: str,
    scheme: str,
    trusted: tuple[str, ...],
    chain: bool,  # noqa: FBT001 - see `recalled`
) -> tuple[Headers, str]:
    hops, proto, host = [peer], None, None
    if chain and is_trusted(peer, trusted):
        hops = _chain(headers, peer, trusted)
        proto, host = header(headers, "x-forwarded-proto"), header(headers, "x-forwarded-host")
    return (
        ("X-Forwarded-For", ", ".join(hops)),
        ("X-Forwarded-Proto", proto if proto in {"http", "https"} else scheme),
        ("X-Forwarded-Host", host or header(headers, "host") or ""),
        _VIA,
    ), hops[0]


def _chain(headers: Headers, peer: str, trusted: Sequence[str]) -> list[str]:
    hops = [peer]
    claimed = [hop.strip() for value in header_values(headers, "x-forwarded-for") for hop in value.split(",")]
    for hop in reversed([hop for hop in claimed if hop]):
        if not is_address(hop):
            break
        hops.insert(0, hop)
        if not is_trusted(hop, trusted):
            break
    return hops
