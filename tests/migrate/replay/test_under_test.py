from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.app import build_app
from gateway.core.credentials import ApiKeys, Credentials, Introspect
from gateway.core.exchange import Request, Response
from gateway.core.routes import Stage
from migrate.replay.client import ask
from migrate.replay.clock import PlayClock
from migrate.replay.under_test import Keys, aimed_at, all_at_gateway, embedded
from tests.apps.played import TABLE

if TYPE_CHECKING:
    from pathlib import Path

KEYS = Keys("j" * 40)


def test_every_exposed_route_is_served_by_the_gateway() -> None:
    """Internal routes keep their stage."""
    flags = all_at_gateway(TABLE)
    assert flags.flag("notes.list").stage is Stage.GATEWAY
    assert flags.flag("notes.inner").stage is Stage.LEGACY


def test_services_are_aimed_at_the_player() -> None:
    """Only the internal address changes: it is where the gateway asks."""
    aimed = aimed_at(TABLE, {"notes": "http://127.0.0.1:1"}).services["notes"]
    assert (aimed.internal, aimed.legacy) == ("http://127.0.0.1:1", "http://127.0.0.1:9101")
    assert aimed_at(TABLE, {}) == TABLE


def test_the_player_is_not_asked_about_api_keys() -> None:
    """It could not answer, and every recorded call with a key would be refused."""
    asking = Credentials(api_keys=ApiKeys(Introspect("notes", "GET", "/check")))
    table = replace(TABLE, policy=replace(TABLE.policy, credentials=asking))
    assert aimed_at(table, {}).policy.credentials.api_keys.introspect is None


def test_keys_are_not_shown() -> None:
    """The representation of keys holds none of them."""
    assert "j" * 40 not in repr(KEYS)


async def test_a_gateway_is_served_while_it_is_tested(tmp_path: Path) -> None:
    """It answers on its public URL and leaves no store behind."""
    store = tmp_path / "x.db"
    async with embedded(build_app, TABLE, KEYS, PlayClock(), store) as url:
        answer = await ask(url, Request("GET", "/nope", (("Host", "h"),)), deadline=5)
    assert isinstance(answer, Response)
    assert answer.status == 404
    assert not store.exists()
