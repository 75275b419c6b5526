"""The whole recorded session, byte for byte: direct against shadowed, and with a gateway that misbehaves."""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING

import pytest

from gateway.config import load_table
from gateway.core.exchange import Response, header
from migrate.presets import write
from migrate.replay.player import Player, playing
from shadow import process
from shadow.recording.read import read_recording
from shadow.replay import place_all
from tests.apps.rawclient import Answer, RawClient
from tests.apps.recordings import shipped
from tests.apps.shadowed import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from gateway.core.exchange import Exchange

pytestmark = pytest.mark.proof

PLAYED = 295
"""The recording's exchanges, less its two WebSocket conversations."""


def session(config: Path) -> list[Exchange]:
    """Every HTTP exchange of the recording in order."""
    entries = read_recording(shipped("dashboard-session.flow")).entries
    placed = place_all(entries, load_table(config))
    found = [one.exchange for one in placed]
    return [one for one in found if isinstance(one.response, Response) and one.response.status != 101]


async def play(player: Player, urls: dict[str, str], exchanges: list[Exchange]) -> tuple[list[Answer], list[float]]:
    """Answers and seconds of each exchange, on one kept connection for each service."""
    clients = {service: RawClient(url) for service, url in urls.items()}
    answers, seconds = [], []
    for exchange in exchanges:
        cue = player.cue(exchange)
        cue.arrived.set()
        request = exchange.request
        kept = [pair for pair in request.headers if pair[0].lower() not in {"connection", "proxy-connection"}]
        started = time.perf_counter()
        answers.append(await clients[exchange.service].ask(request.method, request.target, *kept, body=request.body))
        seconds.append(time.perf_counter() - started)
        assert len(cue.calls) == 1, (request.method, request.target)
        assert header(cue.calls[0].request.headers, "host") == header(request.headers, "host")
        assert cue.calls[0].request.body == request.body
    for client in clients.values():
        client.close()
    return answers, seconds


def configure(folder: Path, player: Player) -> Path:
    """The preset with the player as every service, and a gateway that nobody runs."""
    values = {"gateway.listen": f"127.0.0.1:{free_port()}", "gateway.internal_listen": f"127.0.0.1:{free_port()}"}
    for name, url in player.addresses.items():
        values |= {f"services.{name}.{side}": url for side in ("legacy", "internal")}
        values[f"services.{name}.shadow_listen"] = f"127.0.0.1:{free_port()}"
    write(folder / "cutover.yaml", values=values)
    return folder / "cutover.yaml"


@pytest.mark.measured
@pytest.mark.timeout(120)
async def test_every_recorded_answer_is_the_same_behind_the_shadow(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Stage legacy, keep-alive: equal heads and bodies over the whole session, 500s that close silently included."""
    write(tmp_path / "preset.yaml")
    exchanges = session(tmp_path / "preset.yaml")
    assert len(exchanges) == PLAYED
    services = load_table(tmp_path / "preset.yaml").services
    async with playing(dict.fromkeys(services, "127.0.0.1:0")) as player:
        config = configure(tmp_path, player)
        shadow = process.running(config, tmp_path / "store" / "cutover.db")
        urls = await asyncio.to_thread(shadow.__enter__)
        try:
            direct, calm = await play(player, dict(player.addresses), exchanges)
            shadowed, through = await play(player, dict(urls.urls), exchanges)
        finally:
            await asyncio.to_thread(shadow.__exit__, None, None, None)
    for exchange, expected, found in zip(exchanges, direct, shadowed, strict=True):
        assert found == expected, exchange.request.target
    assert [answer.status for answer in shadowed].count(502) == [answer.status for answer in direct].count(502) == 0
    record_property("answers equal byte for byte", len(shadowed))
    record_property("added median", f"{(statistics.median(through) - statistics.median(calm)) * 1000:.1f} ms")
