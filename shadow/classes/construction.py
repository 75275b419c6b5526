"""Expected by construction: what any gateway of this design adds, takes out or rewrites, and nothing beyond it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from gateway.core import trace
from gateway.core.exchange import header
from gateway.core.observation import DifferenceKind
from gateway.core.routes import Authorization
from shadow.classes.addresses import location_kept, socket_kept
from shadow.classes.rule import Case, Class
from shadow.diff import cors, upstream
from shadow.normalise import upstream as headers

if TYPE_CHECKING:
    from shadow.diff.found import Found

_EXTRA, _MISSING, _CHANGED = DifferenceKind.EXTRA, DifferenceKind.MISSING, DifferenceKind.CHANGED
_PROBLEM_MEMBERS = frozenset({"$.type", "$.title", "$.status", "$.instance", "$.reason", "$.request_id"})
_LIMIT_FIELDS = {
    "ratelimit-policy": r'"{name}";q=\d+;w=\d+',
    "ratelimit": r'"{name}";r=\d+;t=\d+',
    "x-ratelimit-limit": r"\d+",
    "x-ratelimit-remaining": r"\d+",
    "x-ratelimit-reset": r"\d+",
}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)


def _header(found: Found, kind: DifferenceKind, *names: str) -> bool:
    return found.location == "header" and found.kind is kind and found.path in names


def _sent(found: Found, kind: DifferenceKind) -> bool:
    return found.location == upstream.HEADER and found.kind is kind


def _request_id(found: Found, _case: Case) -> bool:
    return _header(found, _EXTRA, "x-request-id")


def _reused(found: Found, case: Case) -> bool:
    return _header(found, _EXTRA, "cache-status", "age") and case.gateway_header("cache-status").startswith(
        "cutover; "
    )


def _via(found: Found, _case: Case) -> bool:
    return _header(found, _EXTRA, "via")


def _trace(found: Found, case: Case) -> bool:
    """The gateway is a span of its own in the client's trace, or begins a trace where there is none that holds."""
    if found.location != upstream.HEADER:
        return False
    given = trace.parsed((header(case.request.headers, trace.PARENT) or "").strip())
    if found.path == trace.STATE:
        return found.kind is _MISSING and given is None
    told = trace.parsed(str(found.gateway)) if found.path == trace.PARENT else None
    return told is not None and (given is None or (told.id, told.flags) == (given.id, given.flags))


def _limit(found: Found, case: Case) -> bool:
    """The gateway tells of the route's own limit, where legacy tells of none."""
    name, value = case.pair.route.limit, str(found.gateway)
    if name not in case.table.limits or not _header(found, _EXTRA, *_LIMIT_FIELDS):
        return False
    shape = _LIMIT_FIELDS[found.path]
    return re.fullmatch(shape.format(name=re.escape(name)), value) is not None


def _server(found: Found, _case: Case) -> bool:
    one_line = not isinstance(found.gateway, list)
    return found.location == "header" and found.path in {"server", "date"} and one_line


def _retiring(found: Found, case: Case) -> bool:
    link = found.path == "link" and "successor-version" in case.gateway_header("link")
    return _header(found, _EXTRA, "deprecation", "sunset") or (found.location == "header" and link)


def _cors_declared(found: Found, case: Case) -> bool:
    origins = case.table.policy.cors.origins
    return found.location == cors.LOCATION and ("*" in origins or header(case.request.headers, "origin") in origins)


def _cors_readable(found: Found, case: Case) -> bool:
    return _cors_declared(found, case) and found.path == "access" and bool(found.gateway == "allowed")


def _cors_policy(found: Found, case: Case) -> bool:
    policy = case.table.policy.cors
    if not _cors_declared(found, case):
        return False
    match found.path:
        case "exposed":
            return set(found.gateway) <= set(found.legacy) | {name.lower() for name in policy.expose}
        case "credentials":
            return header(case.request.headers, "cookie") is None and (found.gateway == "no" or policy.credentials)
        case "preflight.credentials":
            return found.gateway == "no" or policy.credentials
        case path:
            return path in {"preflight.methods", "preflight.headers", "preflight.max-age"}


def _problem(found: Found, case: Case) -> bool:
    if not case.gateway_header("content-type").startswith("application/problem+json"):
        return False
    detail, status = case.gateway_member("detail"), case.gateway_member("status")
    if detail is None or detail != case.legacy_member("detail") or status != case.statuses[1]:
        return False
    typed = found.location == "header" and found.path == "content-type"
    return typed or (found.location == "body" and found.kind is _EXTRA and found.path in _PROBLEM_MEMBERS)


def _socket(found: Found, case: Case) -> bool:
    rewritten = {name.removeprefix("body:").removeprefix("$.") for name in case.pair.route.rewrites}
    here = found.location == "body" and found.kind is _CHANGED and found.path.removeprefix("$.") in rewritten
    return here and socket_kept(found, case)


def _location(found: Found, case: Case) -> bool:
    return _header(found, _CHANGED, "location", "content-location") and location_kept(found, case)


def _hops(found: Found, _case: Case) -> bool:
    return _sent(found, _EXTRA) and headers.tells_of_hops(found.path)


def _hops_replaced(found: Found, case: Case) -> bool:
    """A client's own word on hops is replaced by the gateway's; a request id is kept unless it is unusable."""
    if not (found.location == upstream.HEADER and headers.tells_of_hops(found.path)):
        return False
    if found.path == "x-request-id":
        given = str(found.legacy)
        usable = re.fullmatch(r"[A-Za-z0-9._:/+=@-]{1,128}", given) is not None
        return found.kind is _CHANGED and not usable and _UUID.fullmatch(str(found.gateway)) is not None
    return found.kind in {_CHANGED, _MISSING} and found.path != "x-forwarded-for" and bool(case.pair.upstream)


def _identity(found: Found, case: Case) -> bool:
    if not headers.states_identity(found.path):
        return False
    if _sent(found, _MISSING):
        return True
    if found.path in {"x-internal-api-key", "x-internal-key"}:
        return _sent(found, _EXTRA) and case.service.internal_key
    if found.path == "cutover-context":
        return _sent(found, _EXTRA) and case.service.context
    return _sent(found, _EXTRA) and found.path in {"x-user-id", "x-organization-id", "x-user-role"}


def _authorization(found: Found, case: Case) -> bool:
    stripped = case.service.authorization is Authorization.STRIP
    return stripped and _sent(found, _MISSING) and found.path == "authorization"


def _moved(found: Found, case: Case) -> bool:
    """A parameter that changed its place is written anew: another spelling of the same text."""
    if not case.pair.route.moves or found.location not in {upstream.PATH, upstream.QUERY}:
        return False
    ours, theirs = str(found.legacy), str(found.gateway)
    same_marks = all(ours.count(mark) == theirs.count(mark) for mark in "/+")
    return found.kind is _CHANGED and same_marks and unquote(ours) == unquote(theirs)


def _refused_alike(found: Found, case: Case) -> bool:
    """The gateway's policy refuses what legacy refuses too, for the same kind of reason."""
    return case.pair.refused_alike and found.location in {"status", "header", "body"}


CONSTRUCTION: tuple[Class, ...] = (
    Class("request-id", "the gateway gives every answer a request id", _request_id, routine=True),
    Class("via", "the gateway names itself on the way (RFC 9110 §7.6.3)", _via, routine=True),
    Class("trace", "the gateway is a span of its own in the trace (W3C Trace Context)", _trace, routine=True),
    Class("limit", "the gateway tells of the limit it enforces", _limit, routine=True),
    Class("reused", "a kept or joined answer says so (RFC 9111, RFC 9211)", _reused, routine=True),
    Class("server-date", "who answered and when is the last hop's word", _server, routine=True),
    Class("retiring", "an old path announces its end (RFC 9745, RFC 8594)", _retiring),
    Class("cors-policy", "one declared policy stands in for each service's own", _cors_policy, routine=True),
    Class("cors-readable", "the declared policy lets the page read what a service's own did not", _cors_readable),
    Class("problem", "the gateway's problem+json carries the same detail", _problem),
    Class("ws-url", "the socket's address leads through the gateway; the subscription is the same", _socket),
    Class("location", "a redirect is said in gateway terms and leads to the same place", _location),
    Class("forwarding", "the gateway tells the service of the hops, and of the request's id", _hops, routine=True),
    Class("forwarding-replaced", "what a client says of hops is not believed", _hops_replaced, routine=True),
    Class(
        "identity",
        "the gateway alone says who calls, once, after the client's own word is taken out",
        _identity,
        routine=True,
    ),
    Class(
        "authorization-stripped",
        "the service is declared not to get the Authorization header",
        _authorization,
        routine=True,
    ),
    Class("moved-parameter", "a parameter that moves between path and query is written anew", _moved),
    Class("refused-alike", "legacy refuses this request too, for the same kind of reason", _refused_alike),
)
