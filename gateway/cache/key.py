"""What two requests must have in common to get one answer. Pure."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from gateway.core.exchange import header_values
from gateway.core.routes import Effect

if TYPE_CHECKING:
    from gateway.caller import Caller
    from gateway.core.exchange import Request
    from gateway.core.routes import Route

Key = tuple[str, ...]
"""Route, target, caller, credential digest, the Accept headers, and the scheme and host the client asked for."""

_ALONE = frozenset({"range", "if-range", "if-match", "if-unmodified-since", "cookie", "expect"})
CONDITIONS = frozenset({"if-none-match", "if-modified-since"})
_ACCEPTS = ("accept", "accept-language", "accept-encoding", "accept-charset")
_WAY = ("x-forwarded-proto", "x-forwarded-host", "forwarded")
"""What a service writes addresses with: a client's Host must not stand in the answer to another's."""
_SALT = secrets.token_bytes(32)


def key_of(route: Route, caller: Caller, client: str, request: Request) -> Key | None:
    """The key of a request as the service would get it; None when its answer is for itself alone.

    A caller nobody has verified is known by the address. Where the service sees Authorization, the very same value
    is needed: what RFC 9111 §3.5 asks of answers to such requests then holds for every answer.
    """
    if request.method != "GET" or request.body or route.effect is not Effect.READ:
        return None
    names = {name.lower() for name, _ in request.headers}
    if not names.isdisjoint(_ALONE):
        return None
    credential = "\n".join(header_values(request.headers, "authorization"))
    return (
        route.id,
        request.target,
        caller.scheme,
        caller.subject or client,
        caller.organisation,
        "\n".join(caller.roles),
        hashlib.blake2b(credential.encode("latin-1"), key=_SALT, digest_size=16).hexdigest() if credential else "",
        *(", ".join(header_values(request.headers, name)) for name in (*_ACCEPTS, *_WAY)),
    )


def conditional(request: Request) -> bool:
    """Whether the client asks only for what it does not have yet."""
    return any(name.lower() in CONDITIONS for name, _ in request.headers)
