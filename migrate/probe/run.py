"""One run of the probes over the routes chosen."""

from __future__ import annotations

import asyncio
import time
import uuid
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.core.digest import route_digest
from gateway.core.errors import UsageError
from migrate.probe.asker import SpentError
from migrate.probe.catalogue import PROBES, SERVICE_PROBES
from migrate.probe.result import GATEWAY, NotAsked, ProbeResult, ProbeRun
from migrate.rollout.choose import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from migrate.probe.catalogue import Probe
    from migrate.probe.setting import Setting

type Planned = list[tuple[Probe, Route]]
"""Which probe is asked of which route."""


def planned(table: RouteTable, target: str, globs: Iterable[str] = ()) -> Planned:
    """The probes of a target for the routes that ids and globs name, internal ones too; all when none is named.

    Raises:
        UsageError: a name fits no route, or nothing can be asked of the routes named.
    """
    wanted = list(globs)
    for glob in wanted:
        if not any(fnmatchcase(route.id, glob) for route in table.routes):
            raise UsageError(unknown(table, glob))
    routes = [route for route in table.routes if not wanted or any(fnmatchcase(route.id, glob) for glob in wanted)]
    probes = PROBES if target == GATEWAY else SERVICE_PROBES
    found = [(probe, route) for route in routes for probe in probes if probe.applies(route)]
    if not found:
        raise UsageError(f"no probe of --target {target} applies to {', '.join(wanted) or 'any route'}")
    return found


async def run(
    setting: Setting, target: str, plan: Sequence[tuple[Probe, Route]], progress: Callable[[int], None]
) -> ProbeRun:
    """Make the probes, a few at a time; `progress` hears how many are done."""
    at, began = time.time(), time.perf_counter()
    done = 0

    async def one(probe: Probe, route: Route) -> ProbeResult | NotAsked:
        nonlocal done
        found = await _asked(setting, probe, route)
        done += 1
        progress(done)
        return found

    answers = await asyncio.gather(*(one(probe, route) for probe, route in plan))
    routes = {route.id: route for _, route in plan}
    return ProbeRun(
        id=f"probe-{uuid.uuid4().hex[:12]}",
        at=at,
        target=target,
        seconds=time.perf_counter() - began,
        requests=setting.asker.requests,
        results=tuple(item for item in answers if isinstance(item, ProbeResult)),
        not_asked=tuple(item for item in answers if isinstance(item, NotAsked)),
        hosts=tuple(sorted(setting.asker.allowed)),
        digests={name: route_digest(setting.table, route, __version__) for name, route in routes.items()},
    )


async def _asked(setting: Setting, probe: Probe, route: Route) -> ProbeResult | NotAsked:
    try:
        return await probe.ask(setting, route)
    except SpentError as spent:
        return NotAsked(probe.name, route.id, str(spent))
