"""The one CORS policy (Fetch standard §3.2): what the services say about it is taken out. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.answer import Answer
from gateway.core.exchange import header, header_values
from gateway.problem import BadRequest

if TYPE_CHECKING:
    from gateway.core.exchange import Headers, Request
    from gateway.core.policy import Cors


def allows(policy: Cors, origin: str) -> bool:
    """Whether pages of this origin may read answers."""
    return "*" in policy.origins or origin in policy.origins


def with_cors(policy: Cors, request: Request, headers: Headers) -> Headers:
    """Answer headers with the policy's own; requests without Origin get none."""
    origin = header(request.headers, "origin")
    if origin is None:
        return headers
    if not allows(policy, origin):
        return _vary(headers)
    added = [*_allow(policy, origin)]
    if policy.expose:
        added.append(("access-control-expose-headers", ", ".join(policy.expose)))
    return (*headers, *added) if "*" in policy.origins else _vary((*headers, *added))


def preflight(policy: Cors, request: Request, methods: list[str]) -> Answer:
    """The answer to a preflight; `methods` are those of the path. Origin headers are added by `with_cors`.

    Raises:
        BadRequest: the origin is not allowed.
    """
    if not allows(policy, header(request.headers, "origin") or ""):
        raise BadRequest("Disallowed CORS origin", reason="origin")
    asked = header(request.headers, "access-control-request-headers")
    headers = (
        ("access-control-allow-methods", ", ".join(methods)),
        ("access-control-max-age", str(policy.max_age)),
        *((("access-control-allow-headers", asked),) if asked else ()),
        ("vary", "Access-Control-Request-Method, Access-Control-Request-Headers"),
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", "2"),
    )
    return Answer(200, headers, b"OK")


def _allow(policy: Cors, origin: str) -> Headers:
    # A wildcard is never turned into an echo: that would let every origin send credentials.
    allowed = (("access-control-allow-origin", "*" if "*" in policy.origins else origin),)
    return (*allowed, ("access-control-allow-credentials", "true")) if policy.credentials else allowed


def _vary(headers: Headers) -> Headers:
    named = [token.strip().lower() for value in header_values(headers, "vary") for token in value.split(",")]
    if "origin" in named:
        return headers
    return (*headers, ("vary", "Origin"))
