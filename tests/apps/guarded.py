"""A gateway over the shipped table and a platform that knows owners, in a thread of their own.

The platform is made from the table: whatever route is looked up answers that `OWN` is organisation `ORGANISATION`'s.
"""

from __future__ import annotations

import asyncio
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import httpx
import jwt

from tests.apps.echo import echo, respond, upstream
from tests.apps.gateways import running
from tests.apps.probed import aimed, inferia
from tests.apps.table import ORGANISATION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.routes import Lookup
    from gateway.core.table import RouteTable
    from tests.apps.echo import Behaviour, Seen, Upstream
    from tests.apps.gateways import Running

OWN = "0a0a0a0a-0000-4000-8000-00000000000a"
FOREIGN = "org-2"


@dataclass
class Guarded:
    """A client of the gateway, and what reached the services for it."""

    client: httpx.Client
    upstream: Upstream
    table: RouteTable
    running: Running

    @property
    def delivered(self) -> list[Seen]:
        """Requests passed on for clients, without the gateway's own questions."""
        return [seen for seen in self.upstream.seen if not seen.values("cutover-question")]


@contextmanager
def guarded() -> Iterator[Guarded]:
    """Serve until the block ends; the client is synchronous."""
    ready, done = threading.Event(), asyncio.Event()
    made: list[tuple[Upstream, RouteTable, Running]] = []
    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        async with upstream() as at:
            # All cases come from one address; limits are another matter.
            table = replace(aimed(inferia(), at.address), limits={})
            at.behave = owning(table)
            async with running(table) as gateway:
                made.append((at, table, gateway))
                ready.set()
                await done.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(10)
    at, table, gateway = made[0]
    try:
        with httpx.Client(base_url=gateway.addresses.public, timeout=5, verify=False) as client:
            yield Guarded(client, at, table, gateway)
    finally:
        loops[0].call_soon_threadsafe(done.set)
        thread.join(10)


def owning(table: RouteTable) -> Behaviour:
    """Answers questions about owners, echoes the rest."""

    async def behave(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if not seen.values("cutover-question"):
            return await echo(seen, reader, writer)
        found = next((lookup for lookup in _lookups(table) if _is_about(table, lookup, seen)), None)
        document = _answer(found, seen) if found else None
        return await respond(writer, 404 if document is None else 200, json.dumps(document).encode())

    return behave


def _lookups(table: RouteTable) -> list[Lookup]:
    return [lookup for route in table.routes for lookup in route.lookups]


def _is_about(table: RouteTable, lookup: Lookup, seen: Seen) -> bool:
    route = table.route(lookup.route)
    return route is not None and route.legacy.path.match(seen.target.partition("?")[0]) is not None


def _answer(lookup: Lookup, seen: Seen) -> Any:
    if not lookup.member:
        return _nested(lookup.path, ORGANISATION) if OWN in seen.target else None
    mine = ORGANISATION in seen.target or _organisation(seen) == ORGANISATION
    return _nested(lookup.path[:-1], [{lookup.path[-1]: OWN}] if mine else [])


def _organisation(seen: Seen) -> str:
    token = next(iter(seen.values("authorization")), "").partition(" ")[2]
    return jwt.decode(token, options={"verify_signature": False})["org_id"] if token else ""


def _nested(path: tuple[str, ...], value: Any) -> Any:
    for name in reversed(path):
        value = {name: value}
    return value
