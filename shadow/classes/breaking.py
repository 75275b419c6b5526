"""Breaking: what no class may excuse; only a declared change or a reviewed rule can."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from gateway.core.observation import DifferenceKind
from shadow.classes.addresses import leaves_gateway
from shadow.classes.rule import Case, Class
from shadow.diff import cookies, cors, upstream
from shadow.diff.found import MORE
from shadow.normalise.cookies import SCOPE

if TYPE_CHECKING:
    from shadow.diff.found import Found

_CACHING = frozenset({"cache-control", "cdn-cache-control", "etag", "expires", "last-modified", "age", "pragma"})
_GATEWAY_MADE = frozenset({401, 403, 429, 502, 503, 504})


def _preflight(found: Found, _case: Case) -> bool:
    return found.location == cors.LOCATION and found.path == "preflight"


def _unreadable(found: Found, _case: Case) -> bool:
    refused = found.path == "access" and found.gateway != "allowed"
    return found.location == cors.LOCATION and (refused or found.path == "vary")


def _cookie_scope(found: Found, _case: Case) -> bool:
    scoped = found.path.rpartition(".")[2] in SCOPE
    return found.location == cookies.LOCATION and (scoped or found.kind is DifferenceKind.MISSING)


def _location(found: Found, case: Case) -> bool:
    here = found.location == "header" and found.path in {"location", "content-location"}
    return here and (found.kind is DifferenceKind.MISSING or leaves_gateway(found, case))


def _caching(found: Found, _case: Case) -> bool:
    if found.location != "header":
        return False
    return found.path in _CACHING or (found.path == "vary" and not _names(found.legacy) <= _names(found.gateway))


def _names(vary: str | list[str] | None) -> set[str]:
    return {vary} if isinstance(vary, str) else set(vary or ())


def _gateway_made(found: Found, case: Case) -> bool:
    if found.location != "status":
        return False
    made = found.gateway in _GATEWAY_MADE and found.legacy != found.gateway
    return made and not (case.pair.refused and found.legacy in {401, 403})


def _double_encoded(found: Found, _case: Case) -> bool:
    if found.location not in {upstream.PATH, upstream.QUERY}:
        return False
    ours, theirs = str(found.legacy), str(found.gateway)
    if unquote(ours) == unquote(theirs):
        return ours.count("/") != theirs.count("/")
    return unquote(unquote(theirs)) == unquote(ours) or unquote(unquote(ours)) == unquote(theirs)


def _lost_repetition(found: Found, _case: Case) -> bool:
    here = found.location in {upstream.QUERY, upstream.BODY}
    return here and found.kind is DifferenceKind.COUNT and found.path != MORE


BREAKING: tuple[Class, ...] = (
    Class("preflight", "the browser decides otherwise whether it sends the request at all", _preflight),
    Class("unreadable", "the page can no longer read the answer", _unreadable),
    Class("cookie-scope", "a cookie goes elsewhere, or is lost", _cookie_scope),
    Class("location-leaves", "a redirect leads past the gateway", _location),
    Class("caching", "caches keep or miss what they did not before", _caching),
    Class("gateway-made", "the gateway refuses or fails where legacy does not", _gateway_made),
    Class("double-encoded", "a path or parameter is encoded or decoded once more", _double_encoded),
    Class("lost-repetition", "a repeated parameter, or field of a form, is lost or joined", _lost_repetition),
)
