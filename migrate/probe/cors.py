"""Whether pages of any origin may read answers, and whether browsers would understand what they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.exchange import Failure, Request, header_values
from gateway.core.routes import Kind
from migrate.probe.refusal import other_status
from migrate.probe.result import ProbeResult, Wrong, judged
from migrate.probe.sample import sample, with_headers

if TYPE_CHECKING:
    from gateway.core.exchange import Response
    from gateway.core.routes import Route
    from migrate.probe.setting import Setting

NAME = "cors"
FOREIGN = "https://cutover-probe.invalid"
_ALLOW = "access-control-allow-origin"
_SERVER_ERROR = 500


def is_exposed_http(route: Route) -> bool:
    """Whether browsers call the route with fetch."""
    return route.gateway is not None and route.kind is not Kind.WEBSOCKET


async def foreign_origin(setting: Setting, route: Route) -> ProbeResult:
    """A preflight from a foreign page, and the same page's read where nothing can come of it."""
    origins = setting.table.policy.cors.origins
    request = sample(route)
    origin = ("Origin", FOREIGN)
    asked = ("Access-Control-Request-Method", request.method)
    preflight = await setting.publicly(route, Request("OPTIONS", request.target, (origin, asked)))
    wrongs = [_judge(preflight, origins, "preflight")]
    if setting.readable(route):
        wrongs.append(_judge(await setting.publicly(route, with_headers(request, origin)), origins, "a read"))
    expected = "one Access-Control-Allow-Origin: *" if "*" in origins else "no Access-Control-Allow-Origin"
    return judged(NAME, route.id, expected, wrongs)


def _judge(answer: Response | Failure, origins: tuple[str, ...], how: str) -> Wrong | None:
    if isinstance(answer, Failure) or answer.status >= _SERVER_ERROR:
        return other_status(answer, range(200, _SERVER_ERROR), how)
    allowed = header_values(answer.headers, _ALLOW)
    wanted = ["*"] if "*" in origins else []
    if allowed != wanted:
        expected = ", ".join(wanted) or "absent"
        return Wrong(f"header:{_ALLOW}", expected, ", ".join(allowed) or "absent", f"{how} from a foreign origin")
    return None
