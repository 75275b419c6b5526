"""Whether a client can state who it is: what would go upstream names the verified caller, once, and nobody else."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from gateway.core.exchange import Failure, Request, Response
from gateway.core.routes import Access, Authorization
from gateway.core.subject import fingerprint
from migrate.probe.result import NotAsked, ProbeResult, Wrong, judged
from migrate.probe.sample import sample, with_headers
from migrate.probe.setting import LACKS, credential, is_dry_run, lacks_permission, lenient, status_of

if TYPE_CHECKING:
    from gateway.core.exchange import Headers
    from gateway.core.routes import Route
    from migrate.probe.setting import Setting

NAME = "identity"
SPOOFED = "cutover-probe-spoofed"
SPOOFED_ADDRESS = "203.0.113.66"
_FOLD = re.compile(r"[^a-z0-9]")
_WRITTEN = (
    ("x-user-id", SPOOFED),
    ("X-User-ID", SPOOFED),
    ("x_user_id", SPOOFED),
    ("X-Organization-ID", SPOOFED),
    ("x_organization_id", SPOOFED),
    ("X-User-Role", "admin"),
    ("X-Internal-API-Key", SPOOFED),
    ("x_internal_api_key", SPOOFED),
    ("X-Internal-Key", SPOOFED),
    ("X-Forwarded-For", SPOOFED_ADDRESS),
    ("Forwarded", f"for={SPOOFED_ADDRESS}"),
    ("X-Real-IP", SPOOFED_ADDRESS),
    ("X-HTTP-Method-Override", "DELETE"),
)
_NOMINATED = ("Connection", "close, X-User-ID, X-Organization-ID, X-Internal-API-Key, X-Request-ID")
_SINGLE = ("host", "x-request-id")
_NO_TOKEN = "set CUTOVER_PROBE_TOKEN to a valid access token, or CUTOVER_JWT_SECRET"  # noqa: S105 - words
_NO_KEY = "set CUTOVER_PROBE_API_KEY to an API key that the platform knows"


async def identity(setting: Setting, route: Route) -> ProbeResult | NotAsked:
    """Dry runs with every spelling of identity, and with the gateway's own headers nominated as hop-by-hop."""
    caller = credential(setting, route)
    if caller is None:
        return NotAsked(NAME, route.id, _NO_KEY if route.access is Access.API_KEY else _NO_TOKEN)
    known = setting.credentials
    own = sample(route, (known.organisation or SPOOFED,), subject=known.subject or SPOOFED)
    request = with_headers(own, *caller)
    ways: tuple[tuple[str, Headers], ...] = (
        ("spoofed headers", _WRITTEN),
        ("spoofed and nominated by Connection", (_NOMINATED, *_WRITTEN)),
    )
    wrongs: list[Wrong | None] = []
    for how, headers in ways:
        answer = await setting.dry_run(route, with_headers(request, *headers), mode=lenient(route))
        if lacks_permission(answer):
            return NotAsked(NAME, route.id, LACKS)
        sent = upstream(answer)
        if sent is None:
            wrongs.append(Wrong("status", "200, a dry run", status_of(answer), f"{how}, with a valid credential"))
        else:
            wrongs.append(stated(setting, route, sent, caller, how))
    return judged(NAME, route.id, "each identity header once, the gateway's own", wrongs)


def upstream(answer: Response | Failure) -> Request | None:
    """The request a dry run says would be sent; None when this is no dry run."""
    if isinstance(answer, Failure) or not is_dry_run(answer):
        return None
    try:
        document: Any = json.loads(answer.body)
        return Request.from_json(document["upstream"])
    except (ValueError, KeyError, TypeError):
        return None


def stated(setting: Setting, route: Route, sent: Request, caller: Headers, how: str) -> Wrong | None:
    """The first header of the upstream request that is not the gateway's own word. Pure."""
    for name, wanted in _expected(setting, route, caller).items():
        found = _values(sent.headers, name)
        if len(found) != len(wanted) or any(ours not in {None, got} for ours, got in zip(wanted, found, strict=True)):
            expected = f"once, {wanted[0] or "and not the client's"}" if wanted else "absent"
            return Wrong(f"upstream.header:{name}", expected, _told(found), how)
    spoofed = {SPOOFED, SPOOFED_ADDRESS, fingerprint(setting.fingerprint_key, SPOOFED)}
    for name, value in sent.headers:
        if any(text in value for text in spoofed):
            return Wrong(f"upstream.header:{name.lower()}", "nothing of the client's", value, how)
    return None


def _expected(setting: Setting, route: Route, caller: Headers) -> dict[str, list[str | None]]:
    # None stands for a value that only has to be there, once, and not to be the client's.
    service = setting.table.services[route.service]
    known = setting.credentials if route.access is Access.JWT else None
    forwards = bool(caller) and service.authorization is Authorization.FORWARD
    credentials = [fingerprint(setting.fingerprint_key, caller[0][1])] if forwards else []
    wanted: dict[str, list[str | None]] = {
        "x-user-id": [known.subject] if known else [],
        "x-organization-id": [known.organisation] if known and known.organisation else [],
        "x-internal-api-key": [None] if service.internal_key else [],
        "authorization": [*credentials],
        "x-http-method-override": [],
        "forwarded": [],
    }
    return wanted | {name: [None] for name in _SINGLE}


def _values(headers: Headers, name: str) -> list[str]:
    return [value for key, value in headers if _FOLD.sub("-", key.lower()) == name]


def _told(found: list[str]) -> str:
    return f"{len(found)} times: {', '.join(found)}" if found else "absent"
