"""CORS outcomes against each other: would the browser let the page do the same?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.exchange import header, header_values
from gateway.core.observation import DifferenceKind
from shadow.diff.found import Found
from shadow.normalise import cors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.exchange import Request, Response

LOCATION = "cors"
_ALLOWED = "allowed"


def preflight(request: Request, legacy: Response, gateway: Response) -> Iterator[Found]:
    """Differences of two preflight answers: `preflight` is the outcome, `preflight.methods` a detail."""
    ours, theirs = cors.preflight(request, legacy), cors.preflight(request, gateway)
    yield from _changed("preflight", ours.refusal or _ALLOWED, theirs.refusal or _ALLOWED)
    if ours.refusal or theirs.refusal:
        return
    yield from _changed("preflight.credentials", _yes(ours.credentials), _yes(theirs.credentials))
    yield from _changed("preflight.methods", sorted(ours.methods), sorted(theirs.methods))
    yield from _changed("preflight.headers", sorted(ours.headers), sorted(theirs.headers))
    yield from _changed("preflight.max-age", ours.max_age, theirs.max_age)


def simple(request: Request, legacy: Response, gateway: Response) -> Iterator[Found]:
    """Differences for a page's plain request: `access` is whether it may read the answer."""
    origin = header(request.headers, "origin")
    if origin is None:
        yield from _duplicates(legacy, gateway)
        return
    with_cookie = header(request.headers, "cookie") is not None
    ours, theirs = (cors.access(origin, answer, with_cookie=with_cookie) for answer in (legacy, gateway))
    yield from _changed("access", ours.refusal or _ALLOWED, theirs.refusal or _ALLOWED)
    if not ours.refusal and not theirs.refusal:
        yield from _changed("credentials", _yes(ours.credentials), _yes(theirs.credentials))
    yield from _changed("exposed", sorted(ours.exposed), sorted(theirs.exposed))
    if ours.cacheable and not theirs.cacheable:
        yield Found(LOCATION, "vary", DifferenceKind.MISSING, "Origin", None, ("vary",))


def _duplicates(legacy: Response, gateway: Response) -> Iterator[Found]:
    name = "access-control-allow-origin"
    ours, theirs = (len(header_values(answer.headers, name)) for answer in (legacy, gateway))
    if max(ours, theirs) > 1 and ours != theirs:
        yield Found(LOCATION, "access", DifferenceKind.COUNT, f"{ours} {name}", f"{theirs} {name}")


def _changed(path: str, legacy: object, gateway: object) -> Iterator[Found]:
    if legacy != gateway:
        yield Found(LOCATION, path, DifferenceKind.CHANGED, legacy, gateway)


def _yes(flag: bool) -> str:  # noqa: FBT001 - says a flag in words
    return "yes" if flag else "no"
