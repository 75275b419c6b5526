"""Waiting for a service while the client may leave."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from gateway.attend import LOOKS_EVERY, Attention
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

    waiting = asyncio.create_task(Attention().over(body(gone), work()))
    await asyncio.sleep(LOOKS_EVERY / 2)
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

    attention = Attention()
    assert await attention.over(body(asyncio.Event()), after(0, "quick")) == "quick"
    assert await attention.over(body(asyncio.Event()), after(LOOKS_EVERY * 2.5, "slow")) == "slow"
    with pytest.raises(TimeoutError, match="late"):
        await attention.over(body(asyncio.Event()), after(0, "late"))
    await eventually(lambda: len(asyncio.all_tasks()) == 1)


async def test_who_else_ends_the_task_is_obeyed() -> None:
    """A request that is cancelled for another reason stays cancelled, also when its client has just left."""
    gone = asyncio.Event()
    attention = Attention()
    for leaves in (False, True):
        waiting = asyncio.create_task(attention.over(body(gone), asyncio.Event().wait()))
        await asyncio.sleep(LOOKS_EVERY * 2.5)
        if leaves:
            gone.set()
            await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
