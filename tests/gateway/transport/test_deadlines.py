"""Deadlines."""

from __future__ import annotations

import asyncio

from gateway.transport.deadlines import TICK, Deadlines
from tests.apps.wire import eventually


class Waits:
    """Somebody who waits."""

    def __init__(self, seconds: float) -> None:
        self.deadline = asyncio.get_running_loop().time() + seconds
        self.expired = 0

    def expire(self) -> None:
        """The deadline has passed."""
        self.expired += 1


async def test_each_expires_once_and_not_before_its_time() -> None:
    """Whoever waits longer than his limit hears of it once; others and those who left do not."""
    deadlines = Deadlines()
    soon, later, gone = Waits(0.05), Waits(60), Waits(0.05)
    for one in (soon, later, gone):
        deadlines.add(one)
    deadlines.discard(gone)
    started = asyncio.get_running_loop().time()
    await eventually(lambda: soon.expired == 1)
    assert asyncio.get_running_loop().time() - started >= 0.04
    await asyncio.sleep(3 * TICK)
    assert (soon.expired, later.expired, gone.expired) == (1, 0, 0)


async def test_looking_ends_with_the_last_wait_and_begins_again() -> None:
    """Nobody waiting costs nothing; the next one is looked after again."""
    deadlines = Deadlines()
    first = Waits(60)
    deadlines.add(first)
    deadlines.discard(first)
    await asyncio.sleep(3 * TICK)
    assert not deadlines._ticking
    second = Waits(0.0)
    deadlines.add(second)
    await eventually(lambda: second.expired == 1)
