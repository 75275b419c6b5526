"""What connections of one listener share."""

from __future__ import annotations

import asyncio
from typing import Any

from gateway.listen.bounds import Bounds
from gateway.listen.reception import Reception
from tests.apps.wire import eventually


class Counted:
    """A connection that counts the time it is told of."""

    def __init__(self) -> None:
        self.passed = 0.0

    def tick(self, seconds: float) -> None:
        """Time passes."""
        self.passed += seconds

    def dismiss(self, *, last_call: bool) -> None:
        """Not told."""

    def cut(self) -> None:
        """Not cut."""


async def app(_scope: Any, _receive: Any, _send: Any) -> None:
    """Never called here."""


async def test_every_connection_hears_the_clock_until_it_stops() -> None:
    """One clock serves all connections, and is quiet after the end."""
    reception = Reception(app, lambda: Bounds(linger=0.02), lambda *_: None)
    one, other = Counted(), Counted()
    reception.connections |= {one, other}
    await eventually(lambda: one.passed > 0.02)
    assert one.passed == other.passed
    reception.close()
    passed = one.passed
    await asyncio.sleep(0.03)
    assert one.passed == passed


async def test_work_starts_at_once_and_is_held_until_it_ends() -> None:
    """The first steps run before `run` returns; what waits is a task that is counted, what is done is not."""
    reception = Reception(app, Bounds, lambda *_: None)
    release = asyncio.Event()
    steps: list[str] = []

    async def work(name: str) -> None:
        steps.append(name)
        if name == "waits":
            await release.wait()

    reception.run(work("ends"))
    assert (steps, len(reception.tasks)) == (["ends"], 0)
    reception.run(work("waits"))
    assert (steps, len(reception.tasks)) == (["ends", "waits"], 1)
    release.set()
    await eventually(lambda: not reception.tasks)
    reception.close()


async def test_refusal_is_told_with_an_id_of_its_own() -> None:
    """Each refusal has another id, under which it is told."""
    told: list[tuple[int, str, str, str]] = []
    reception = Reception(app, Bounds, lambda *refusal: told.append(refusal))
    first, second = (reception.refuse(400, "malformed", "192.0.2.1") for _ in range(2))
    assert first != second
    assert told == [(400, "malformed", "192.0.2.1", first), (400, "malformed", "192.0.2.1", second)]
    reception.close()


async def test_full_is_one_connection_more_than_the_bound() -> None:
    """The bound itself may be reached."""
    reception = Reception(app, lambda: Bounds(connections=1), lambda *_: None)
    reception.connections.add(Counted())
    assert not reception.full
    reception.connections.add(Counted())
    assert reception.full
    reception.close()
