"""Writes that go out together."""

from __future__ import annotations

import asyncio

from gateway.batch import Batch


class Sends:
    """Notes when it sends."""

    def __init__(self, sent: list[str], name: str, batch: Batch | None = None) -> None:
        self._sent, self._name, self._batch = sent, name, batch

    def send_now(self) -> None:
        """Send."""
        self._sent.append(self._name)
        if self._batch is not None:
            self._batch.add(Sends(self._sent, self._name + " again"))


async def test_the_first_sends_at_once_and_the_others_together() -> None:
    """Whoever follows in the same turn of the loop sends at its end, in order; the next turn begins anew."""
    batch, sent = Batch(), list[str]()
    for name in "abc":
        batch.add(Sends(sent, name))
    assert sent == ["a"]
    await asyncio.sleep(0)
    assert sent == ["a", "b", "c"]
    batch.add(Sends(sent, "d"))
    assert sent == ["a", "b", "c", "d"]
    await asyncio.sleep(0)
    assert len(sent) == 4


async def test_whoever_is_added_while_others_send_sends_too() -> None:
    """One that sends because another does is not lost."""
    batch, sent = Batch(), list[str]()
    batch.add(Sends(sent, "a", batch))
    batch.add(Sends(sent, "b", batch))
    for _ in range(3):
        await asyncio.sleep(0)
    assert sorted(sent) == ["a", "a again", "b", "b again"]
