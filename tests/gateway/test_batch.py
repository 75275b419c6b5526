"""Writes that go out together."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from gateway.batch import Batch, shared

if TYPE_CHECKING:
    import pytest


class Sends:
    """Notes when it sends."""

    def __init__(self, sent: list[str], name: str, batch: Batch | None = None) -> None:
        self._sent, self._name, self._batch = sent, name, batch

    def send_now(self) -> None:
        """Send."""
        self._sent.append(self._name)
        if self._batch is not None:
            self._batch.add(Sends(self._sent, self._name + " again"))


async def test_many_send_together_and_few_at_once() -> None:
    """The first of a turn sends at once; after a turn with many all wait for its end, until few come again."""
    batch, sent = Batch(), list[str]()

    def turn(names: str) -> str:
        sent.clear()
        for name in names:
            batch.add(Sends(sent, name))
        return "".join(sent)

    for names, at_once in (("abc", "a"), ("def", ""), ("g", ""), ("h", "h"), ("ij", "i"), ("k", "k")):
        assert turn(names) == at_once
        await asyncio.sleep(0)
        assert "".join(sent) == names


async def test_whoever_is_added_while_others_send_sends_too() -> None:
    """One that sends because another does is not lost."""
    batch, sent = Batch(), list[str]()
    batch.add(Sends(sent, "a", batch))
    batch.add(Sends(sent, "b", batch))
    for _ in range(3):
        await asyncio.sleep(0)
    assert sorted(sent) == ["a", "a again", "b", "b again"]


async def test_work_comes_first_then_writes_then_notes() -> None:
    """What work sends goes out in the same turn, and is written down when everybody has sent."""
    batch, done = Batch(), list[str]()

    def work(name: str) -> None:
        done.append(f"work {name}")
        batch.add(Sends(done, f"send {name}"))
        batch.note(lambda: done.append(f"note {name}"))

    for _ in range(2):
        done.clear()
        for name in "abc":
            batch.work(lambda name=name: work(name))  # type: ignore[misc]
        await asyncio.sleep(0)
    assert done == [f"{what} {name}" for what in ("work", "send", "note") for name in "abc"]


async def test_little_work_is_done_at_once() -> None:
    """Whoever is alone in a turn does not wait for its end, unless the turn before had many."""
    batch, done = Batch(), list[str]()

    def turn(names: str) -> str:
        done.clear()
        for name in names:
            batch.work(lambda name=name: done.append(name))  # type: ignore[misc]
        return "".join(done)

    for names, at_once in (("a", "a"), ("bcd", "b"), ("e", ""), ("f", "f")):
        assert turn(names) == at_once
        await asyncio.sleep(0)
        assert "".join(done) == names


async def test_what_one_raises_is_its_own(caplog: pytest.LogCaptureFixture) -> None:
    """Work, a sender or a note that fails is logged; all others of its turn are done, and those of the next."""
    batch, done = Batch(), list[str]()

    def fail() -> None:
        raise BrokenPipeError

    class Fails:
        def send_now(self) -> None:
            fail()

    for _ in range(2):
        for call in (lambda: None, fail, lambda: done.append("work")):
            batch.work(call)
        for sender in (Sends([], ""), Fails(), Sends(done, "send")):
            batch.add(sender)
        for call in (fail, lambda: done.append("note")):
            batch.note(call)
        await asyncio.sleep(0)
    assert done == ["work", "send", "note"] * 2
    assert len(caplog.records) == 6


async def test_one_batch_serves_a_loop() -> None:
    """Listeners and connections to services share it; another loop has its own."""
    assert shared() is shared()
    assert await asyncio.to_thread(lambda: asyncio.run(_shared())) is not shared()


async def _shared() -> Batch:
    return shared()
