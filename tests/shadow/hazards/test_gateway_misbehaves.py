from __future__ import annotations

import asyncio
import statistics
import time
from typing import TYPE_CHECKING

import pytest

from gateway.core.routes import Stage
from tests.apps import candidate
from tests.apps.oddities import Oddities
from tests.apps.rawclient import Answer, RawClient
from tests.apps.shadowed import Rig, shadowed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REQUESTS = 40
PAUSE = 0.01
"""Seconds between two requests, as a page leaves them; without it four processes fight for two cores, and that is all
one would measure."""


async def play(address: str) -> tuple[list[Answer], float]:
    """Answers of a mixed session and the median seconds of one."""
    answers, took = [], []
    async with RawClient(address) as client:
        for number in range(REQUESTS):
            await asyncio.sleep(PAUSE)
            before = time.perf_counter()
            if number % 4:
                answers.append(await client.ask("GET", f"/items/{number}"))
            else:
                answers.append(await client.ask("POST", "/items", body=b"{}"))
            took.append(time.perf_counter() - before)
    return answers, statistics.median(took)


def stage(rig: Rig, stage: Stage) -> None:
    """Both routes of the session at one stage."""
    rig.promote("items.get", stage)
    rig.promote("items.create", stage)


@pytest.mark.measured
async def test_the_primary_answer_neither_changes_nor_waits(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """With a gateway that hangs, floods, resets or is dead, clients notice nothing and every request is counted."""
    blocks = 0
    async with Oddities() as direct, Oddities() as legacy, Oddities() as internal:
        async with shadowed(tmp_path, legacy.address, internal=internal.port) as rig:
            expected, _ = await play(direct.address)
            await play(rig.url)
            blocks += 1
            for behaviour in (candidate.resetting, candidate.flooding, candidate.silent, None):
                took = []
                internal.override = behaviour
                if behaviour is None:
                    await internal.stop()
                for now in (Stage.LEGACY, Stage.SHADOW, Stage.LEGACY):
                    stage(rig, now)
                    legacy.deliveries.clear()
                    answers, median = await play(rig.url)
                    assert answers == expected
                    assert legacy.deliveries == direct.deliveries
                    took.append(median)
                    blocks += 1
                calm = statistics.mean((took[0], took[2]))
                noise = abs(took[0] - took[2]) / calm
                named = behaviour.__name__ if behaviour else "dead"
                record_property(f"gateway {named}", f"{took[1] / calm:.2f} of the calm median (noise {noise:.2f})")
                assert took[1] < 5 * calm + 0.02
            await rig.until(lambda: sum(rig.buckets().values()) == blocks * REQUESTS, rig.buckets)
        # The end settles what was still on its way.
        assert sum(rig.buckets().values()) == blocks * REQUESTS
        assert not any(key[1] in {"pending", "compared"} for key in rig.buckets())
