from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import pytest

from gateway.core.routes import Stage
from tests.apps import candidate
from tests.apps.oddities import Oddities
from tests.apps.rawclient import Answer, RawClient
from tests.apps.shadowed import shadowed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

REQUESTS = 60


async def play(address: str) -> tuple[list[Answer], float]:
    """Answers of a mixed session and the median seconds of one."""
    answers, took = [], []
    async with RawClient(address) as client:
        for number in range(REQUESTS):
            before = time.perf_counter()
            if number % 4:
                answers.append(await client.ask("GET", f"/items/{number}"))
            else:
                answers.append(await client.ask("POST", "/items", body=b"{}"))
            took.append(time.perf_counter() - before)
    return answers, statistics.median(took)


@pytest.mark.measured
async def test_the_primary_answer_neither_changes_nor_waits(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """With a gateway that hangs, floods, resets or is dead, clients notice nothing and every request is counted."""
    async with Oddities() as direct, Oddities() as legacy, Oddities() as internal:
        async with shadowed(tmp_path, legacy.address, internal=internal.port) as rig:
            expected, _ = await play(direct.address)
            calm_answers, calm = await play(rig.url)
            assert calm_answers == expected
            rig.promote("items.get", Stage.SHADOW)
            rig.promote("items.create", Stage.SHADOW)
            for behaviour in (candidate.resetting, candidate.flooding, candidate.silent, None):
                internal.override = behaviour
                if behaviour is None:
                    await internal.stop()
                legacy.deliveries.clear()
                answers, busy = await play(rig.url)
                assert answers == expected
                assert legacy.deliveries == direct.deliveries
                named = behaviour.__name__ if behaviour else "dead"
                record_property(f"gateway {named}", f"{busy / calm:.2f} of the calm median")
                assert busy < 5 * calm + 0.02
            await rig.until(lambda: sum(rig.buckets().values()) == 5 * REQUESTS, rig.buckets)
            assert sum(n for key, n in rig.buckets().items() if key[1] == "off") == REQUESTS
        # The end settles what was still on its way.
        assert sum(rig.buckets().values()) == 5 * REQUESTS
        assert not any(key[1] in {"pending", "compared"} for key in rig.buckets())
