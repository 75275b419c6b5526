"""Waiting for a service while the client may leave."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.attend import LOOKS_AFTER, attended
from gateway.incoming import Body, ClientGone
from tests.apps.wire import eventually


def body(gone: asyncio.Event) -> Body:
    """A body without content, whose client leaves with the event."""

    async def receive() -> Any:
        await gone.wait()
        return {"type": "http.disconnect"}

    return Body(receive, (), 0)


async def test_work_is_cancelled_when_the_client_leaves() -> None:
    """The client that leaves ends the work at once, and the caller learns why."""
    gone, cancelled = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    waiting = asyncio.create_task(attended(body(gone), work()))
    await asyncio.sleep(LOOKS_AFTER / 2)
    gone.set()
    with pytest.raises(ClientGone):
        await asyncio.wait_for(waiting, 5)
    assert cancelled.is_set()


async def test_what_comes_in_time_is_handed_on() -> None:
    """A value and an error come through, quick ones without a task of their own, late ones with none left behind."""

    async def after(seconds: float, value: str) -> str:
        await asyncio.sleep(seconds)
        if value == "late":
            raise TimeoutError(value)
        return value

    assert await attended(body(asyncio.Event()), after(0, "quick")) == "quick"
    assert await attended(body(asyncio.Event()), after(LOOKS_AFTER * 1.5, "slow")) == "slow"
    with pytest.raises(TimeoutError, match="late"):
        await attended(body(asyncio.Event()), after(0, "late"))
    await eventually(lambda: len(asyncio.all_tasks()) == 1)
