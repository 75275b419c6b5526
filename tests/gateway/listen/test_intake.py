"""The receiving half of a request; what stands on the wire is tested in test_http1.py and test_http2.py."""

from __future__ import annotations

import asyncio

from gateway.listen.bounds import BODY_HELD
from gateway.listen.intake import Intake


class Taken(Intake):
    """Notes what was taken."""

    def __init__(self) -> None:
        super().__init__(asyncio.get_running_loop(), {})
        self.sizes: list[int] = []

    def took(self, size: int) -> None:
        """See Intake."""
        self.sizes.append(size)


async def test_pieces_that_wait_are_one_message() -> None:
    """What came since the last call is given at once, and its size told."""
    intake = Taken()
    intake.feed(b"a")
    intake.feed(b"bc")
    assert await intake.receive() == {"type": "http.request", "body": b"abc", "more_body": True}
    waiting = asyncio.create_task(intake.receive())
    await asyncio.sleep(0)
    assert not waiting.done()
    intake.end()
    assert await waiting == {"type": "http.request", "body": b"", "more_body": False}
    assert intake.sizes == [3, 0]


async def test_full_is_more_than_is_held() -> None:
    """The bound counts what waits; after the answer nothing does."""
    intake = Taken()
    intake.feed(b"x" * BODY_HELD)
    assert not intake.full
    intake.feed(b"x")
    assert intake.full
    intake.finish()
    intake.feed(b"x" * BODY_HELD * 2)
    assert not intake.full
    assert await intake.receive() == {"type": "http.disconnect"}


async def test_cancelled_wait_loses_nothing() -> None:
    """A call that is given up in the middle leaves the next piece to the next call."""
    intake = Taken()
    waiting = asyncio.create_task(intake.receive())
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    intake.feed(b"a")
    assert (await intake.receive())["body"] == b"a"


async def test_first_cause_counts() -> None:
    """A body that failed says why until the client is gone."""
    intake = Taken()
    intake.fail("slow")
    intake.fail("malformed")
    assert await intake.receive() == {"type": "http.disconnect", "cause": "slow"}
    intake.leave()
    assert await intake.receive() == {"type": "http.disconnect"}


async def test_rate_counts_after_the_grace() -> None:
    """A body has `idle` seconds before its rate counts."""
    intake = Taken()
    assert not intake.lags(10.0, 10.0, 100)
    assert intake.lags(1.0, 10.0, 100)
    intake.feed(b"x" * 200)
    assert not intake.lags(1.0, 10.0, 100)
    assert intake.lags(1.0, 10.0, 100)
