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

pytestmark = pytest.mark.proof

REQUESTS = 24
MORE = 96 * 1024 * 1024
"""Bytes by which proxy and worker together may grow: the queue's 32 MiB on both sides, and what Python keeps."""
FULL = ("items.get", "shed", "full")
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


def memory(rig: Rig) -> int:
    """Bytes that the proxy and the worker hold."""
    return sum(child.memory_info().rss for word in ("mitmdump", "shadow.worker") for child in rig.children(word))


FAULTS = {
    "hangs": candidate.silent,
    "resets": candidate.resetting,
    "floods": candidate.flooding,
    "sends 1 GB": candidate.endless,
    "closes mid-stream": candidate.breaking,
    "is dead": None,
}


@pytest.mark.proof
@pytest.mark.parametrize("fault", FAULTS)
async def test_the_primary_answer_neither_changes_nor_waits(
    tmp_path: Path, fault: str, record_property: Callable[[str, object], None]
) -> None:
    """Whatever the gateway does, answers are equal and in time, each request is counted once, and memory stays.

    With a gateway that is right again copies are compared again.
    """
    async with (
        Oddities() as direct,
        Oddities() as legacy,
        Oddities() as internal,
        shadowed(tmp_path, legacy.address, internal=internal.port) as rig,
    ):
        expected, _ = await play(direct.address)
        await play(rig.url)
        internal.override = FAULTS[fault]
        if FAULTS[fault] is None:
            await internal.stop()
        held, took = memory(rig), list[float]()
        for now in (Stage.LEGACY, Stage.SHADOW, Stage.LEGACY):
            stage(rig, now)
            legacy.deliveries.clear()
            answers, median = await play(rig.url)
            assert answers == expected
            assert legacy.deliveries == direct.deliveries
            took.append(median)
        grown = memory(rig) - held
        calm = statistics.mean((took[0], took[2]))
        noise = abs(took[0] - took[2]) / calm
        told = f"{took[1] / calm:.2f} of the calm median (noise {noise:.2f}), {grown / 2**20:.0f} MiB more"
        record_property(f"gateway {fault}", told)
        assert took[1] < 5 * calm + 0.02
        assert grown < MORE
        # What hangs is given up after ten seconds, and what waited behind it is late.
        buckets = await rig.settled(4 * REQUESTS)
        assert not any(bucket == "compared" for _, bucket, _ in buckets), buckets
        if FAULTS[fault] is None:
            await internal.__aenter__()
        internal.override = candidate.faithful
        stage(rig, Stage.SHADOW)
        legacy.deliveries.clear()
        assert (await play(rig.url))[0] == expected
        after = await rig.settled(5 * REQUESTS)
        assert sum(after[key] for key in after if key[1] == "compared") == REQUESTS, after


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    "seconds", [pytest.param(3.0, id="for-a-moment"), pytest.param(60.0, id="for-a-minute", marks=pytest.mark.proof)]
)
async def test_a_queue_that_stays_full_costs_copies_only(
    tmp_path: Path, seconds: float, record_property: Callable[[str, object], None]
) -> None:
    """While the gateway hangs and the queue stays full, copies are shed to the end; answers come as without copies.

    Memory stays, and afterwards copies are compared again.
    """
    async with Oddities() as legacy, Oddities() as internal:
        internal.override = candidate.silent
        async with shadowed(tmp_path, legacy.address, internal=internal.port) as rig:
            before = await crowd(rig.url, 1.0)
            calm = statistics.median(before)
            rig.promote("items.get", Stage.SHADOW)
            took = list[float]()
            while not rig.buckets().get(FULL):
                took += await crowd(rig.url, 0.5)
            held, shed = memory(rig), [rig.buckets()[FULL]]
            for _ in range(3):
                took += await crowd(rig.url, seconds / 3)
                await rig.until(lambda: rig.buckets()[FULL] > shed[-1], rig.buckets)
                shed.append(rig.buckets()[FULL])
            grown, median = memory(rig) - held, statistics.median(took)
            record_property(
                f"queue full for {seconds:g} s",
                f"{median / calm:.2f} of the calm median, {shed[-1]} copies shed, {grown / 2**20:.0f} MiB more",
            )
            assert grown < MORE
            assert median < 3 * calm + 0.02
            internal.override = candidate.faithful
            internal.drop()
            total = len(before) + len(took)
            await rig.settled(total, 30)
            async with RawClient(rig.url) as client:
                assert (await client.ask("GET", "/items/1")).body == b'{"target":"/items/1"}'
            assert (await rig.settled(total + 1))["items.get", "compared", ""] >= 1


async def crowd(url: str, seconds: float) -> list[float]:
    """Seconds that each read took of eight clients who ask again as soon as they are answered."""
    end, took = time.perf_counter() + seconds, list[float]()

    async def one() -> None:
        async with RawClient(url) as client:
            while (before := time.perf_counter()) < end:
                answer = await client.ask("GET", "/items/7")
                assert (answer.status, answer.body) == (200, b'{"target":"/items/7"}')
                took.append(time.perf_counter() - before)

    await asyncio.gather(*(one() for _ in range(8)))
    return took
