from __future__ import annotations

import asyncio
import threading
from hashlib import sha256

from gateway.core.exchange import BodySum
from shadow.summing import Summing


async def summed(summing: Summing, *chunks: bytes) -> BodySum | None:
    """The sum of a body in these pieces."""
    passing, known = summing.begin(chunks[0]), asyncio.Queue[BodySum | None]()
    for chunk in chunks[1:]:
        passing.add(chunk)
    passing.finish(asyncio.get_running_loop(), known.put_nowait)
    return await asyncio.wait_for(known.get(), 10)


async def test_bodies_that_pass_at_once_are_summed_apart() -> None:
    """However their pieces interleave, each has its own length and digest."""
    summing, bodies = Summing(), [bytes([number]) * 100_000 for number in range(8)]
    parts = [[body[at : at + 9_000] for at in range(0, len(body), 9_000)] for body in bodies]
    sums = await asyncio.gather(*(summed(summing, *pieces) for pieces in parts))
    assert sums == [BodySum(len(body), sha256(body).hexdigest()) for body in bodies]


async def test_the_loop_never_waits_and_memory_is_bounded() -> None:
    """While the thread is held up pieces are taken at once; beyond the bound a body is given up; others go on."""
    summing, held = Summing(behind=1000), threading.Event()
    passing, known = summing.begin(b"x"), asyncio.Queue[BodySum | None]()
    summing.give(0, lambda: (held.wait(10), 0)[1])
    for _ in range(50):
        passing.add(bytes(100))
    passing.finish(asyncio.get_running_loop(), known.put_nowait)
    assert known.empty()
    held.set()
    assert await asyncio.wait_for(known.get(), 10) is None
    assert await summed(summing, b"a", b"b") == BodySum(2, sha256(b"ab").hexdigest())
