"""The gateway under test: this version's in process, or one that runs elsewhere."""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gateway.core.credentials import ApiKeys
from gateway.core.routes import Stage
from gateway.flags.flag import Flag, FlagSnapshot
from gateway.server import serving
from gateway.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from gateway.app import Gateway
    from gateway.core.table import RouteTable
    from migrate.replay.clock import PlayClock

type Factory = Callable[[RouteTable, Settings, Callable[[], FlagSnapshot]], Gateway]
"""Anything with the signature of `gateway.app.build_app`."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets the gateway under test is given: the recording's JWT key, and an internal key."""

    jwt_secret: str = field(repr=False)
    internal_key: str = field(repr=False, default="")
    fingerprint: bytes = field(repr=False, default_factory=lambda: secrets.token_bytes(32))


def all_at_gateway(table: RouteTable) -> FlagSnapshot:
    """Flags with every exposed route in stage gateway."""
    flags = {route.id: Flag(route.id, Stage.GATEWAY, left_shadow=True) for route in table.select("*")}
    return FlagSnapshot(1, "replay", flags)


def aimed_at(table: RouteTable, player: Mapping[str, str]) -> RouteTable:
    """The table with every service at the player, which knows recorded calls only: API keys are not asked about."""
    services = {
        name: replace(service, internal=player[name]) if name in player else service
        for name, service in table.services.items()
    }
    credentials = replace(table.policy.credentials, api_keys=ApiKeys())
    return replace(table, services=services, policy=replace(table.policy, credentials=credentials))


@asynccontextmanager
async def embedded(
    factory: Factory, table: RouteTable, keys: Keys, clock: PlayClock, store: Path
) -> AsyncIterator[str]:
    """Serve a gateway of this process on free ports; yields its public URL. the store is not opened."""
    settings = Settings(
        store=store,
        jwt_secret=keys.jwt_secret,
        internal_key=keys.internal_key or secrets.token_hex(24),
        mark_key=secrets.token_bytes(32),
        ticket_key=secrets.token_bytes(32),
        fingerprint_key=keys.fingerprint,
        answers_key=secrets.token_bytes(32),
        clock=clock,
    )
    snapshot = all_at_gateway(table)
    async with serving(factory(table, settings, lambda: snapshot), "127.0.0.1:0", "127.0.0.1:0") as addresses:
        yield addresses.public
