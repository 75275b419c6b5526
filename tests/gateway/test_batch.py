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


async def test_all_send_in_order_once_the_callbacks_have_run() -> None:
    """Nobody sends at once; whoever is added while others send comes in the next turn."""
    batch, sent = Batch(), list[str]()
    for sends in (Sends(sent, "a", batch), Sends(sent, "b")):
        batch.add(sends)
    assert sent == []
    await asyncio.sleep(0)
    assert sent == ["a", "b"]
    await asyncio.sleep(0)
    assert sent == ["a", "b", "a again"]
    await asyncio.sleep(0)
    assert len(sent) == 3
