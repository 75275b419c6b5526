from __future__ import annotations

import socket
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gateway.app import build_app
from gateway.config import load_table
from gateway.core.exchange import Failure, Response
from gateway.core.observation import Bucket, Verdict
from gateway.server import serving
from gateway.settings import Settings
from migrate.replay.closed import Plan, play, play_at
from migrate.replay.under_test import Keys, aimed_at, all_at_gateway
from shadow.recording.read import read_recording
from shadow.replay import place_all
from tests.apps.played import TABLE, entry, placed, preflight, session
from tests.apps.recordings import shipped, signing_key

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.app import Gateway
    from gateway.core.table import RouteTable
    from gateway.flags.flag import FlagSnapshot
    from migrate.replay.outcome import Outcome

KEYS = Keys("j" * 40, "i" * 40)
INFERIA = Path(__file__).parent.parent.parent.parent / "migrate" / "presets" / "inferia.yaml"


def with_answers(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[..., Gateway]:
    """A factory of gateways that change what they send to clients."""

    def factory(table: RouteTable, settings: Settings, flags: Callable[[], FlagSnapshot]) -> Gateway:
        gateway = build_app(table, settings, flags)
        app = gateway.public

        async def public(scope: Any, receive: Any, send: Any) -> None:
            async def changed(message: Any) -> None:
                await send(change(message))

            # Without the listener's own way for whole answers, every answer passes here message by message.
            await app({**scope, "state": {**scope["state"], "turn": None}}, receive, changed)

        gateway.public = public  # type: ignore[method-assign]
        return gateway

    return factory


def places(outcome: Outcome) -> set[tuple[int, str, str]]:
    """Exchange, location and path of every mismatch."""
    return {(entry["exchange"], entry["location"], entry["path"]) for entry in outcome.to_json()["mismatches"]}


async def test_a_clean_session_has_no_mismatch() -> None:
    """Reads, writes, moved parameters and preflights go through; the rest is accounted for with its reason."""
    reports: list[int] = []
    outcome = await play(placed(*session()), TABLE, build_app, KEYS, Plan(progress=reports.append))
    assert outcome.to_json()["mismatches"] == []
    assert outcome.clean
    assert Counter(one.bucket for one in outcome.played) == {Bucket.COMPARED: 4, Bucket.OFF: 1, Bucket.UNMATCHED: 1}
    assert [one.number for one in outcome.played] == list(range(6))
    assert reports == [1, 2, 3, 4, 5, 6]
    assert {one.source for one in outcome.observations} == {"replay"}


async def test_exchanges_are_played_in_the_order_they_began() -> None:
    """A recorder writes what ends first; the replay sends what began first, and keeps the file's numbers."""
    first = entry("GET", "/notes?n=1", number=0)
    late = replace(first, exchange=replace(first.exchange, started=2000.0))
    outcome = await play(placed(late, entry("GET", "/notes?n=2", number=1)), TABLE, build_app, KEYS)
    assert [one.number for one in outcome.played] == [0, 1]
    assert [one.at for one in outcome.observations] == [2000.0, 1001.0]


async def test_a_changed_answer_is_found_where_it_is() -> None:
    """A gateway that changes a body is found on the exchanges it changes."""

    def change(message: dict[str, Any]) -> dict[str, Any]:
        if message["type"] == "http.response.body":
            message["body"] = message.get("body", b"").replace(b"true", b"null")
        return message

    outcome = await play(placed(*session()), TABLE, with_answers(change), KEYS)
    assert not outcome.clean
    assert {exchange for exchange, location, _ in places(outcome) if location == "body"} == {1, 2, 3}


async def test_a_lost_query_parameter_is_found_upstream() -> None:
    """The answer is right, so only the upstream request shows it."""

    def factory(table: RouteTable, settings: Settings, flags: Callable[[], FlagSnapshot]) -> Gateway:
        gateway = build_app(table, settings, flags)
        app = gateway.public

        async def public(scope: Any, receive: Any, send: Any) -> None:
            scope["query_string"] = scope["query_string"].replace(b"tag=a&", b"")
            scope.get("state", {})["target"] = scope["state"]["target"].replace(b"tag=a&", b"")
            await app(scope, receive, send)

        gateway.public = public  # type: ignore[method-assign]
        return gateway

    outcome = await play(placed(*session()), TABLE, factory, KEYS)
    assert {(exchange, location) for exchange, location, _ in places(outcome)} == {(2, "upstream.query")}


async def test_a_request_with_a_key_is_played_like_any_other() -> None:
    """The gateway under test has a ledger of its own."""
    keyed = entry("POST", "/notes", b"{}", status=201, headers=(("Idempotency-Key", "k"),))
    outcome = await play(placed(keyed), TABLE, build_app, KEYS)
    assert [one.observation.verdict for one in outcome.played if one.observation] == [Verdict.MATCH]


async def test_an_exchange_without_an_answer_is_not_played() -> None:
    """A recorded failure has nothing to compare with."""
    one = entry("GET", "/notes")
    failed = replace(one, exchange=replace(one.exchange, response=Failure("broken")))
    outcome = await play(placed(failed), TABLE, build_app, KEYS)
    assert [(one.bucket, one.reason) for one in outcome.played] == [(Bucket.UNMIRRORED, "no answer recorded")]
    assert not outcome.clean


async def test_an_answer_that_broke_off_is_not_played() -> None:
    """A recorded answer that is cut has no right end to compare with."""
    one = entry("GET", "/notes")
    assert isinstance(one.exchange.response, Response)
    cut = replace(one, exchange=replace(one.exchange, response=replace(one.exchange.response, truncated=True)))
    outcome = await play(placed(cut), TABLE, build_app, KEYS)
    assert [one.reason for one in outcome.played] == ["recorded answer broke off"]


async def test_a_request_that_cannot_be_said_is_failed_with_its_reason() -> None:
    """A body without its parameter has no gateway path; a preflight made for nothing neither."""
    outcome = await play(
        placed(entry("POST", "/end", b"{}"), preflight("/end", "POST", number=1)), TABLE, build_app, KEYS
    )
    assert [one.bucket for one in outcome.played] == [Bucket.FAILED, Bucket.FAILED]
    assert all("missing" in one.reason for one in outcome.played)


async def test_a_gateway_elsewhere_is_played_against(tmp_path: Path) -> None:
    """The player listens at given addresses, and the gateway is reached by its URL."""
    async with serving(_elsewhere(tmp_path, "http://127.0.0.1:9"), "127.0.0.1:0", "127.0.0.1:0") as dead:
        outcome = await play_at(placed(*session()), TABLE, dead.public, KEYS, Plan())
    assert not outcome.clean
    assert outcome.to_json()["buckets"]["unmatched"] == 1


def _elsewhere(folder: Path, service: str) -> Gateway:
    table = aimed_at(TABLE, {"notes": service})
    key = b"k" * 32
    settings = Settings(folder / "x.db", KEYS.jwt_secret, KEYS.internal_key, key, key, key, key)
    return build_app(table, settings, lambda: all_at_gateway(table))


async def test_a_bound_player_serves_a_gateway_elsewhere(tmp_path: Path) -> None:
    """With the player where the gateway looks for its service, a clean session is clean."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    async with serving(_elsewhere(tmp_path, f"http://{address}"), "127.0.0.1:0", "127.0.0.1:0") as there:
        plan = Plan(listen={"notes": address})
        outcome = await play_at(placed(*session()), TABLE, there.public, KEYS, plan)
    assert outcome.to_json()["mismatches"] == []
    assert outcome.clean


@pytest.mark.parametrize("name", ["dashboard-session.har", "dashboard-session.flow"])
async def test_the_shipped_session_has_no_false_mismatch(name: str) -> None:
    """All 297 exchanges are compared or accounted for, and none differs in a way nobody declared."""
    table = load_table(INFERIA)
    outcome = await play(
        place_all(read_recording(shipped(name)).entries, table), table, build_app, Keys(signing_key())
    )
    value = outcome.to_json()
    assert value["mismatches"] == []
    assert value["stray"] == []
    assert value["buckets"] == {"compared": 296, "unmatched": 1}
    assert outcome.clean
    verdicts = Counter(one.verdict for one in outcome.observations)
    assert verdicts[Verdict.MATCH] + verdicts[Verdict.EXPECTED] == 296
