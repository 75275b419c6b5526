"""What a service lets through when it is asked directly: the reason for the gateway, and for closing the port."""

from __future__ import annotations

import time
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gateway.core.exchange import Request
from gateway.core.routes import Access, Effect, Kind
from migrate.probe.refusal import other_status
from migrate.probe.result import ProbeResult, judged
from migrate.probe.sample import filled, with_headers
from migrate.probe.tokens import forged

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.core.exchange import Headers
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from migrate.probe.setting import Setting

ANONYMOUS = "anonymous"
FORGED = "forged"
_REFUSES = frozenset({401, 403})
_UNAUTHENTICATED = 401


def may_be_asked(route: Route) -> bool:
    """Whether asking the service is harmless, a GET that reads, on a route that is not for everybody."""
    reads = route.effect is Effect.READ and route.kind is Kind.HTTP and route.legacy.method == "GET"
    return reads and route.access is not Access.PUBLIC


def refusals(table: RouteTable, service: str) -> frozenset[int]:
    """Statuses that count as a refusal: 401, 403, and what declared changes say the service answers instead. Pure."""
    routes = [route.id for route in table.routes if route.service == service]
    instead = {
        change.legacy_status
        for change in table.changes
        if change.gateway_status == _UNAUTHENTICATED
        and any(fnmatchcase(route, glob) for glob in change.routes for route in routes)
    }
    return _REFUSES | {status for status in instead if status is not None}


async def anonymous(setting: Setting, route: Route) -> ProbeResult:
    """A read without any credential, and without the internal key."""
    return await _refused(setting, route, ANONYMOUS, [("no credential", ())])


async def forgery(setting: Setting, route: Route) -> ProbeResult:
    """A read with tokens that nobody issued."""
    made = forged(time.time(), "cutover-probe")[:2]
    ways = [(how, (("Authorization", f"Bearer {token}"),)) for how, token in made]
    return await _refused(setting, route, FORGED, ways)


async def _refused(setting: Setting, route: Route, probe: str, ways: Sequence[tuple[str, Headers]]) -> ProbeResult:
    allowed = refusals(setting.table, route.service)
    request = Request("GET", filled(route.legacy))
    wrongs = [
        other_status(await setting.service(route, with_headers(request, *headers)), allowed, how)
        for how, headers in ways
    ]
    return judged(probe, route.id, " or ".join(map(str, sorted(allowed))), wrongs)
