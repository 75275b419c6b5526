"""What a browser makes of an answer: CORS by the Fetch standard's meaning (§3.2, §4.8), not by its text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.exchange import header, header_values

if TYPE_CHECKING:
    from gateway.core.exchange import Headers, Request, Response

_SAFE_METHODS = frozenset({"GET", "HEAD", "POST"})
_NEVER_BY_STAR = frozenset({"authorization"})


@dataclass(frozen=True, slots=True)
class Access:
    """Whether the page may read an answer: `refusal` is empty when it may. `cacheable` by a shared cache safely."""

    refusal: str
    credentials: bool
    exposed: frozenset[str]
    cacheable: bool


@dataclass(frozen=True, slots=True)
class Preflight:
    """Whether the browser goes on to send the real request; `refusal` is empty when it does."""

    refusal: str
    credentials: bool
    methods: frozenset[str]
    headers: frozenset[str]
    max_age: str


def access(origin: str, response: Response, *, with_cookie: bool) -> Access:
    """The outcome of a simple answer for a page of this origin."""
    plain, credentialed = (_refusal(origin, response.headers, credentials=flag) for flag in (False, True))
    allowed = header(response.headers, "access-control-allow-origin")
    return Access(
        refusal=credentialed if with_cookie else plain,
        credentials=not credentialed,
        exposed=_tokens(response.headers, "access-control-expose-headers"),
        cacheable=allowed in {None, "*"} or "origin" in _tokens(response.headers, "vary") | _star(response.headers),
    )


def preflight(request: Request, response: Response) -> Preflight:
    """The outcome of a preflight answer for the request it was asked for."""
    origin = header(request.headers, "origin") or ""
    headers = response.headers
    methods = frozenset(_listed(headers, "access-control-allow-methods"))
    names = _tokens(headers, "access-control-allow-headers")
    wanted = header(request.headers, "access-control-request-method") or ""
    asked = _tokens(request.headers, "access-control-request-headers")
    refusal = _refusal(origin, headers, credentials=False)
    if not refusal and not 200 <= response.status < 300:  # noqa: PLR2004 - an ok status (Fetch §2.2.3)
        refusal = f"status {response.status} is not ok"
    if not refusal and wanted not in methods | _SAFE_METHODS and "*" not in methods:
        refusal = f"method {wanted} is not allowed"
    refused = sorted(name for name in asked if name not in names and ("*" not in names or name in _NEVER_BY_STAR))
    if not refusal and refused:
        refusal = f"header {refused[0]} is not allowed"
    credentials = not _refusal(origin, headers, credentials=True)
    return Preflight(refusal, credentials, methods, names, header(headers, "access-control-max-age") or "5")


def _refusal(origin: str, headers: Headers, *, credentials: bool) -> str:
    allowed = header_values(headers, "access-control-allow-origin")
    if not allowed:
        return "no Access-Control-Allow-Origin"
    if len(allowed) > 1:
        return f"{len(allowed)} Access-Control-Allow-Origin headers"
    if not credentials and allowed[0] == "*":
        return ""
    if allowed[0] != origin:
        return "Access-Control-Allow-Origin names another origin"
    if credentials and header_values(headers, "access-control-allow-credentials") != ["true"]:
        return "credentials are not allowed"
    return ""


def _listed(headers: Headers, name: str) -> list[str]:
    return [text for value in header_values(headers, name) for item in value.split(",") if (text := item.strip())]


def _tokens(headers: Headers, name: str) -> frozenset[str]:
    return frozenset(item.lower() for item in _listed(headers, name))


def _star(headers: Headers) -> frozenset[str]:
    return frozenset({"origin"}) if "*" in _tokens(headers, "vary") else frozenset()
