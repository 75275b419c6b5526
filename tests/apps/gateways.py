"""A gateway with its upstream, running on free ports."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx

from gateway.app import Gateway, build_app
from gateway.core.routes import Stage
from gateway.server import Addresses, serving
from tests.apps.table import flags as all_at
from tests.apps.table import settings as throw_away

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.core.table import RouteTable
    from gateway.flags.flag import FlagSnapshot
    from gateway.handle import Parts
    from gateway.settings import Settings


@dataclass
class Running:
    """A served gateway with a client for each listener; set `flags` to move routes."""

    gateway: Gateway
    addresses: Addresses
    flags: FlagSnapshot
    client: httpx.AsyncClient
    internal: httpx.AsyncClient

    async def get(self, path: str, **options: Any) -> httpx.Response:
        """GET on the public listener."""
        return await self.client.get(path, **options)

    @property
    def port(self) -> int:
        """The public port."""
        return int(self.addresses.public.rpartition(":")[2])


@asynccontextmanager
async def running(
    table: RouteTable,
    *,
    stage: Stage = Stage.GATEWAY,
    flags: FlagSnapshot | None = None,
    settings: Settings | None = None,
    parts: Parts | None = None,
) -> AsyncIterator[Running]:
    """Serve a table with every route at one stage."""
    snapshot = flags or all_at(table, stage)
    gateway = build_app(table, settings or throw_away(), lambda: state.flags, parts=parts)
    async with (
        serving(gateway, "127.0.0.1:0", "127.0.0.1:0") as addresses,
        # Plain HTTP needs no certificates, and loading them is what a client spends its start on.
        httpx.AsyncClient(base_url=addresses.public, timeout=10, verify=False) as client,
        httpx.AsyncClient(base_url=addresses.internal, timeout=10, verify=False) as internal,
    ):
        state = Running(gateway, addresses, snapshot, client, internal)
        yield state
