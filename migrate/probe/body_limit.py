"""Whether a body that is declared too long is refused at once, before any of it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.routes import Access
from migrate.probe.refusal import other_status
from migrate.probe.result import ProbeResult, judged
from migrate.probe.sample import WITH_BODY, sample

if TYPE_CHECKING:
    from gateway.core.routes import Route
    from migrate.probe.setting import Setting

NAME = "body limit"
_TOO_LARGE = {413}


def takes_body(route: Route) -> bool:
    """Whether requests of the route carry a body."""
    return route.gateway is not None and route.gateway.method in WITH_BODY


async def limit(setting: Setting, route: Route) -> ProbeResult:
    """Declares one byte more than the limit and sends none of them.

    In public nobody signs in, and only where somebody must: what cannot come in is never executed.
    """
    request = sample(route)
    framing = {"content-length", "content-type"}
    length = ("Content-Length", str(setting.table.policy.max_body + 1))
    kept = tuple(pair for pair in request.headers if pair[0].lower() not in framing)
    request = type(request)(request.method, request.target, (*kept, length))
    wrongs = [other_status(await setting.dry_run(route, request), _TOO_LARGE, "internal listener")]
    if setting.served(route) and route.access is not Access.PUBLIC:
        wrongs.append(other_status(await setting.publicly(route, request), _TOO_LARGE, "in public"))
    return judged(NAME, route.id, "413 at once", wrongs)
