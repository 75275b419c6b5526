"""Header rules: hop-by-hop (RFC 9110 §7.6.1), identity that only the gateway may state, forwarding. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.core.exchange import header, header_values
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
    values = header_values(headers, "connection")
    return frozenset(token.strip().lower() for value in values for token in value.split(",") if token.strip())


def request_headers(headers: Headers, *, authorization: bool) -> Headers:
    """What of a client's headers may travel on: end-to-end, stating no identity, framing left out.

    Order, case and duplicates stay. With `authorization` false that header is taken out as well.
    """
    dropped = HOP_BY_HOP | _FRAMING | nominated(headers)
    if not authorization:
        dropped |= {"authorization"}
    return tuple(pair for pair in headers if (name := pair[0].lower()) not in dropped and not states_identity(name))


def response_headers(headers: Headers) -> Headers:
    """What of a service's answer may travel on: end-to-end, without CORS (the gateway has one policy of its own)."""
    dropped = HOP_BY_HOP | nominated(headers) | {"x-request-id"}
    if header(headers, "transfer-encoding") is not None:
        dropped |= {"content-length"}
    return tuple(
        pair
        for pair in headers
        if (name := pair[0].lower()) not in dropped and not name.startswith(("access-control-", "cutover-"))
    )


def forwarded(
    headers: Headers, peer: str, scheme: str, trusted: Sequence[str], *, chain: bool = True
) -> tuple[Headers, str]:
    """`X-Forwarded-For`, `-Proto`, `-Host` and `Via` for the service, and the client's address.

    Only a trusted peer is believed, and of its chain only what stands right of the nearest stranger: whatever a
    client writes itself never becomes the first element. With `chain` false no header is believed.
    """
    believed = chain and is_trusted(peer, trusted)
    hops = [peer]
    if believed:
        claimed = [hop.strip() for value in header_values(headers, "x-forwarded-for") for hop in value.split(",")]
        for hop in reversed([hop for hop in claimed if hop]):
            if not is_address(hop):
                break
            hops.insert(0, hop)
            if not is_trusted(hop, trusted):
                break
    proto = header(headers, "x-forwarded-proto") if believed else None
    host = (header(headers, "x-forwarded-host") if believed else None) or header(headers, "host") or ""
    return (
        ("X-Forwarded-For", ", ".join(hops)),
        ("X-Forwarded-Proto", proto if proto in {"http", "https"} else scheme),
        ("X-Forwarded-Host", host),
        ("Via", "1.1 cutover"),
    ), hops[0]
