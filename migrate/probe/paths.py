"""Whether an internal route can be reached through the gateway by writing its path in some other way."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from gateway.core.exchange import Request
from gateway.core.routes import Effect, Kind
from migrate.probe.refusal import other_status
from migrate.probe.result import ProbeResult, judged
from migrate.probe.sample import filled, with_body, with_headers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from migrate.probe.setting import Setting

NAME = "path tricks"
_NO_WAY = {400, 404, 405}


async def tricks(setting: Setting, route: Route) -> ProbeResult:
    """Dry runs with the route's own method; in public only reads, so that nothing could be executed."""
    token = setting.credentials.token
    caller = (("Authorization", f"Bearer {token}"),) if token else ()
    wrongs = []
    for how, target in spellings(setting.table, route, setting.public):
        request = with_headers(with_body(Request(route.legacy.method, target), b""), *caller)
        wrongs.append(other_status(await setting.dry_run(route, request), _NO_WAY, f"{how}, dry run"))
        if (
            route.effect is Effect.READ
            and route.legacy.method == "GET"
            and not _passes_through(setting.table, target)
        ):
            answer = await setting.publicly(route, Request("GET", target))
            wrongs.append(other_status(answer, _NO_WAY, f"{how}, in public"))
    return judged(NAME, route.id, "400, 404 or 405 however its path is written", wrongs)


def _passes_through(table: RouteTable, target: str) -> bool:
    """Whether the target is also an existing path of the service that passes through, which answers it in public."""
    service = table.policy.passthrough
    found = table.legacy(service).find("GET", target) if service else None
    return found is not None and found.route.gateway is not None


def spellings(table: RouteTable, route: Route, public: str) -> Iterator[tuple[str, str]]:
    """The ways to write the path of an internal route, each with what it is. Pure."""
    path = filled(route.legacy)
    yield "as it is", path
    yield "a doubled slash", "/" + path
    yield "a dot segment", "/." + path
    yield "an encoded letter", f"/%{ord(path[1]):02x}{path[2:]}" if path[1:] else "/%2e"
    yield "an encoded slash", "/%2f" + path[1:]
    yield "a climb", "/api/v1/.." + "/.." + path
    yield "an encoded climb", "/api/v1/%2e%2e/%2e%2e" + path
    yield "a climb behind an encoded slash", "/api/v1/..%2f.." + path
    yield "a backslash", "/api/v1\\..\\.." + path
    yield "absolute form", public + path
    within = _parameter_of(table, route)
    if within:
        yield "a climb within a parameter", within


def _parameter_of(table: RouteTable, route: Route) -> str:
    """A public path of the same service and method whose last parameter tries to climb to the internal one."""
    for other in table.routes:
        target = other.gateway
        same = other.service == route.service and other.legacy.method == route.legacy.method
        if same and target is not None and target.path.names and other.kind is not Kind.WEBSOCKET:
            climb = "..%2f" * other.legacy.path.text.count("/") + quote(filled(route.legacy)[1:], safe="")
            values = dict.fromkeys(target.path.names, "x") | {target.path.names[-1]: climb}
            return target.path.fill(values)
    return ""
