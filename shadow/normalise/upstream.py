"""The request a service gets, beside the one the dashboard sent: which headers are whose."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.core.subject import fingerprint
from shadow.normalise.headers import HOP_BY_HOP, INSTRUMENTS, content_type
from shadow.pairing import BODY_SHA256

if TYPE_CHECKING:
    from gateway.core.exchange import Headers

SECRET = frozenset({"authorization", "cookie", "x-internal-api-key", "x-internal-key", "cutover-context"})
"""Come as fingerprints in an upstream document, and are compared as such."""

_TRANSPORT = HOP_BY_HOP | INSTRUMENTS | {"content-length", "expect", "host", "http2-settings", BODY_SHA256}
_TRANSPORT |= {"proxy-authenticate", "proxy-authorization", "proxy-authentication-info"}
# Key and extensions are agreed anew on each connection of a WebSocket (RFC 6455 §4.1, §9.1).
_TRANSPORT |= {"sec-websocket-key", "sec-websocket-extensions"}
_SPOOFABLE = re.compile(
    r"x-(auth-)?(user|org|organi[sz]ation|tenant|roles?|internal|original|authenticated|remote|consumer|principal"
    r"|subject|identity|permissions?|scopes?|groups?|envoy|ssl)(-.*)?"
    r"|x-(auth-request|goog-authenticated|amzn-oidc|ms-client-principal)(-.*)?"
    r"|x-client-(cert|certificate|dn|verify)(-.*)?|(ssl-)?client-cert(-.*)?|ssl-client-.*|remote-.*"
    r"|x-(real|client|cluster-client)-ip|x-ip-address|true-client-ip|cf-connecting-ip|fastly-client-ip"
    r"|x-(url-)?scheme|x-host|x-http-host-override|front-end-https"
    r"|x-rewrite-url|x-http-method(-override)?|x-method-override|cutover-.*"
)
_HOPS = frozenset({"via", "forwarded", "x-request-id"})


def grouped(headers: Headers, key: bytes) -> dict[str, list[str]]:
    """Values by lower-case name, transport left out, secret ones as fingerprints."""
    named = {
        token.strip().lower() for name, value in headers if name.lower() == "connection" for token in value.split(",")
    }
    found: dict[str, list[str]] = {}
    for name, value in headers:
        lowered = name.lower()
        if lowered not in _TRANSPORT and lowered not in named:
            found.setdefault(lowered, []).append(_safe(lowered, value, key))
    return found


def states_identity(name: str) -> bool:
    """Whether a header says who calls: only the gateway may state it, so a client's own must not arrive."""
    return _SPOOFABLE.fullmatch(name.replace("_", "-")) is not None


def tells_of_hops(name: str) -> bool:
    """Whether a header is the gateway's word on the way the request came."""
    return name in _HOPS or name.startswith("x-forwarded-")


def _safe(name: str, value: str, key: bytes) -> str:
    if name in SECRET and not re.fullmatch(r"fp:[0-9a-f]{16}", value):
        return fingerprint(key, value)
    return content_type(value.strip()) if name == "content-type" else value.strip()
