"""A probe that only a test can make, since it needs the service in its hand: it is slow, then hangs up."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.core.routes import Timeouts
from migrate.probe.refusal import other_status
from migrate.probe.result import ProbeResult, Wrong, judged
from migrate.probe.sample import sample, with_headers
from migrate.probe.setting import credential
from tests.apps.echo import echo

if TYPE_CHECKING:
    from gateway.core.exchange import Failure, Response
    from gateway.core.table import RouteTable
    from tests.apps.echo import Seen
    from tests.apps.probed import Probed

NAME = "slow service"
FIRST_BYTE = 0.3


def impatient(table: RouteTable) -> RouteTable:
    """The table with a short time limit to the first byte on every route."""
    limits = Timeouts(1.0, FIRST_BYTE, 1.0)
    return replace(table, routes=tuple(replace(route, timeouts=limits) for route in table.routes))


async def slow_service(at: Probed, route_id: str) -> ProbeResult:
    """504 soon after the limit when the service holds its answer; 200 when a kept connection turns out to be dead."""
    wrongs = [
        _placed("timeout:first_byte", other_status(await _held(at, route_id), {504}, "the service holds its answer")),
        _placed(
            "retry:kept connection", other_status(await _dead(at, route_id), {200}, "a read on a dead connection")
        ),
    ]
    return judged(NAME, route_id, "504 in time, and 200 over a dead connection", wrongs)


def _placed(location: str, wrong: Wrong | None) -> Wrong | None:
    return wrong and replace(wrong, location=location)


async def _held(at: Probed, route_id: str) -> Response | Failure:
    forever = asyncio.Event()

    async def hold(_seen: Seen, _reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> bool:
        await forever.wait()
        return False

    at.upstream.behave = hold
    try:
        return await _read(at, route_id)
    finally:
        forever.set()


async def _dead(at: Probed, route_id: str) -> Response | Failure:
    used: set[int] = set()

    async def once(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        # A second request on a connection meets one that the service has closed without a word.
        if seen.connection in used:
            return False
        used.add(seen.connection)
        return await echo(seen, reader, writer)

    at.upstream.behave = once
    await _read(at, route_id)
    return await _read(at, route_id)


async def _read(at: Probed, route_id: str) -> Response | Failure:
    route = at.route(route_id)
    request = sample(route, (at.setting.credentials.organisation,))
    return await at.setting.publicly(route, with_headers(request, *(credential(at.setting, route) or ())))
