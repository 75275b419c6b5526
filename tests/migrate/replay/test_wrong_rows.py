"""The wrong rows of the platform's own gateway attempt, as a closed replay sees them."""

from __future__ import annotations

import gzip
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.app import build_app
from gateway.config import load_table
from gateway.core.exchange import Headers, Response
from migrate.replay.closed import play
from migrate.replay.under_test import Keys
from shadow.recording.read import read_recording
from shadow.replay import place_all
from tests.apps.faulty_gateway import FAULTS, faulty
from tests.apps.played import JSON, TABLE, entry, placed
from tests.apps.recordings import shipped

if TYPE_CHECKING:
    from migrate.replay.outcome import Outcome
    from shadow.recording.recorded import Recorded

KEYS = Keys("recorded-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "i" * 40)
INFERIA = Path(__file__).parent.parent.parent.parent / "migrate" / "presets" / "inferia.yaml"
SHIPPED = {
    "authorization": {"deployments.list", "pools.list", "deployments.create"},
    "host": {"auth.me", "inference.chat", "status.data"},
    "response-body": {"inference.chat"},
    "duplicates": {"auth.me", "inference.models"},
    "methods": {"auth.me", "status.inference"},
    "websocket": {"deployments.log-socket"},
    "request-id": {"auth.me", "config.get"},
    "pools-path": {"pools.list"},
    "management-path": {"external-deployments.delete", "inference-logs.recent"},
}
"""Faults that the shipped session shows, and routes on which they must be found."""
SMALL = {"query": {0}, "path": {1}, "compression": {2}, "multi-value": {3}, "redirects": {4, 5}}
"""Faults that need what the shipped session lacks, and the exchanges of `odd` that show them."""


def answered(one: Recorded, status: int, headers: Headers, body: bytes) -> Recorded:
    """The exchange with another answer."""
    whole = (*headers, ("content-length", str(len(body))))
    return replace(one, exchange=replace(one.exchange, response=Response(status, whole, body, "OK")))


def odd() -> tuple[Recorded, ...]:
    """Repeated parameters, an encoded slash, a compressed answer, two cookies, redirects by Host and by address."""
    packed = gzip.compress(b'{"notes":["' + b"n" * 200 + b'"]}')
    cookies = (("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2; Path=/"))
    return (
        entry("GET", "/notes?tag=a&tag=b", number=0),
        entry("GET", "/notes/a%2Fb", number=1),
        answered(entry("GET", "/notes?packed", number=2), 200, (JSON, ("content-encoding", "gzip")), packed),
        answered(entry("GET", "/notes?cookies", number=3), 200, (JSON, *cookies), b"{}"),
        answered(
            entry("GET", "/notes?moved", number=4), 307, (("location", "http://localhost:9101/notes?x=1"),), b""
        ),
        answered(
            entry("GET", "/notes?fixed", number=5), 307, (("location", "http://127.0.0.1:9101/notes?x=1"),), b""
        ),
    )


def found(outcome: Outcome) -> set[tuple[str, str]]:
    """Route and location of every mismatch."""
    return {(entry["route"], entry.get("location", entry["verdict"])) for entry in outcome.to_json()["mismatches"]}


@pytest.mark.parametrize("fault", sorted(SHIPPED))
async def test_the_shipped_session_shows_the_fault_on_its_routes(fault: str) -> None:
    """Each of these faults is a mismatch of the closed replay, on the right routes, at the right place."""
    table = load_table(INFERIA)
    entries = place_all(read_recording(shipped("dashboard-session.flow")).entries, table)
    places = found(await play(entries, table, partial(faulty, fault=fault), KEYS))
    location = FAULTS[fault].location
    instead = {"request-id": {"header"}, "methods": {"cors"}}.get(fault, set())
    assert {route for route, where in places if where == location or where in instead} >= SHIPPED[fault]


async def test_the_right_gateway_passes_the_odd_session() -> None:
    """Nothing in it is a mismatch by itself."""
    outcome = await play(placed(*odd()), TABLE, build_app, KEYS)
    assert outcome.to_json()["mismatches"] == []


@pytest.mark.parametrize("fault", sorted(SMALL))
async def test_an_odd_session_shows_the_fault_where_it_is(fault: str) -> None:
    """Each of these faults is found on the exchanges that can show it."""
    outcome = await play(placed(*odd()), TABLE, partial(faulty, fault=fault), KEYS)
    entries = outcome.to_json()["mismatches"]
    assert {one["exchange"] for one in entries} == SMALL[fault]
