"""Header rules: hop-by-hop (RFC 9110 §7.6.1), and identity that only the gateway may state. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.core.exchange import header

if TYPE_CHECKING:
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
_CONNECTION, _CODING = len("connection"), len("transfer-encoding")
_IDLE = frozenset({"keep-alive", "close"})
"""What Connection says mostly, and nominates no other header by."""
_IDENTITY = re.compile(
    r"x-(?:auth-)?(?:user|org|organi[sz]ation|tenant|roles?|internal|forwarded|original|authenticated|remote|consumer"
    r"|principal|subject|identity|permissions?|scopes?|groups?|envoy|ssl)(?:-.*)?"
    r"|x-(?:auth-request|goog-authenticated|amzn-oidc|ms-client-principal)(?:-.*)?"
    r"|x-client-(?:ip|cert|certificate|dn|verify)(?:-.*)?|(?:ssl-)?client-cert(?:-.*)?|ssl-client-.*|remote-.*"
    r"|x-real-ip|x-ip-address|x-cluster-client-ip|true-client-ip|cf-connecting-ip|fastly-client-ip|forwarded"
    r"|x-(?:url-)?scheme|x-host|x-http-host-override|front-end-https"
    r"|x-rewrite-url|x-http-method(?:-override)?|x-method-override|cutover-.*"
)
_FOLD = re.compile(r"[^a-z0-9]+")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OWN = HOP_BY_HOP | _FRAMING | {"authorization", "x-request-id", "via"}


@lru_cache(maxsize=4096)
def states_identity(name: str) -> bool:
    """Whether a header, in any spelling, claims what only the gateway may say, or is no header name at all.

    Case and separators are folded first: servers that pass headers as variables read `X_User_Id` as `X-User-ID`, and
    `Content_Length` as what the gateway itself writes.
    """
    lowered = name.lower()
    folded = _FOLD.sub("-", lowered).strip("-")
    if not _TOKEN.fullmatch(name) or (folded != lowered and folded in _OWN):
        return True
    return _IDENTITY.fullmatch(folded) is not None


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
    for name, value in headers:
        if len(name) == _CODING and name.lower() == "transfer-encoding":
            break
        if len(name) == _CONNECTION and value not in _IDLE and name.lower() == "connection":
            break
    else:
        return tuple(kept)
    dropped = nominated(headers)
    if header(headers, "transfer-encoding") is not None:
        dropped |= _LENGTH
    return tuple([pair for pair in kept if pair[0].lower() not in dropped])


@lru_cache(maxsize=4096)
def _ends_here_in_answers(name: str) -> bool:
    lowered = name.lower()
    own = lowered.startswith(("access-control-", "cutover-")) or lowered == "x-request-id"
    return own or lowered in HOP_BY_HOP
