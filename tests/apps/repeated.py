"""One request again and again on one connection: what each time came of it, and whether it took a shortcut."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gateway.core.policy import Cors, Limit
from tests.apps.echo import upstream
from tests.apps.gateways import running
from tests.apps.rawclient import RawClient
from tests.apps.table import bearer, route, settings, table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.core.table import RouteTable
    from gateway.settings import Settings
    from tests.apps.echo import Behaviour, Seen, Upstream
    from tests.apps.gateways import Running
    from tests.apps.rawclient import Answer

PATH = "/api/things"
ROUTES = (
    route("get", "compute", "GET /things", "GET /api/things", limit="read"),
    route("one", "compute", "GET /things/{id}", "GET /api/things/{id}", limit="read"),
    route("make", "compute", "POST /things", "POST /api/things", limit="read"),
    route("moved", "front", "GET /moved/{id}", "GET /api/moved", moves=(("path.id", "query.id"),)),
)
TOKEN = ("Authorization", bearer()["Authorization"])
_CHANCE = re.compile(
    r"(?m)^(date: ).*$|^(ratelimit: \"\w+\";r=)\d+;t=\d+|^(x-ratelimit-re\w+: )\d+"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22,}|^(traceparent: 00-).*$|^(Cutover-Context: ).*$"
)


def steady(text: str) -> str:
    """A head or a log line without what differs from request to request."""
    return _CHANCE.sub(lambda found: next((group for group in found.groups() if group), "?"), text)


def asked(seen: Seen) -> str:
    """What a service was sent, without what differs from request to request."""
    return steady("\n".join([f"{seen.method} {seen.target}", *(f"{name}: {value}" for name, value in seen.headers)]))


@dataclass
class Repeating:
    """A gateway, its service, and one connection to it."""

    up: Upstream
    gate: Running
    client: RawClient

    @property
    def shortcuts(self) -> int:
        """How many requests took one so far."""
        return self.gate.gateway.context.metrics.value("cutover_shortcuts_total")

    async def ask(self, target: str = PATH, *headers: tuple[str, str], method: str = "GET") -> Answer:
        """One request."""
        return await self.client.ask(method, target, *(headers or (TOKEN,)))

    async def up_connections(self, count: int) -> None:
        """So many connections to the service rest, so that one that ends is not missed."""
        clients = [RawClient(self.gate.addresses.public) for _ in range(count)]
        await asyncio.gather(*(client.ask("GET", f"{PATH}/{number}", TOKEN) for number, client in enumerate(clients)))
        for client in clients:
            client.close()

    async def shortened(self, target: str = PATH, *headers: tuple[str, str]) -> Answer:
        """The first answer to a request by which it took a shortcut."""
        for _ in range(4):
            before = self.shortcuts
            answer = await self.ask(target, *headers)
            if self.shortcuts > before:
                return answer
        raise AssertionError("no shortcut was learnt")


def things(address: str, **policy: Any) -> RouteTable:
    """The table, with a limit that is not reached."""
    made = table(address, *ROUTES, **{"cors": Cors(origins=("http://page",)), **policy})
    return replace(made, limits={"read": Limit(1, 60, 1000)})


@asynccontextmanager
async def repeating(
    behave: Behaviour | None = None, *, own: Settings | None = None, made: RouteTable | None = None, **policy: Any
) -> AsyncIterator[Repeating]:
    """All of it, running."""
    async with (
        upstream(behave or dated) as up,
        running(made or things(up.address, **policy), settings=own or settings()) as gate,
        RawClient(gate.addresses.public) as client,
    ):
        yield Repeating(up, gate, client)


async def dated(seen: Seen, _reader: object, writer: Any) -> bool:
    """Echo with the date that real servers send."""
    body = json.dumps({"target": seen.target}).encode()
    writer.write(
        b"HTTP/1.1 200 OK\r\nServer: test\r\nDate: Mon, 23 Nov 2026 10:00:00 GMT\r\nContent-Type: a/b\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )
    await writer.drain()
    return True
