from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from gateway.core.exchange import Exchange, Request, Response
from gateway.core.observation import Bucket
from shadow.buckets import Ledger
from shadow.channel import Channel
from shadow.envelope import LENGTH, Copy, Counts, Outcome, decode, encode
from shadow.plan import Copying

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def copy(identity: str, size: int = 0) -> Copy:
    """A copy with a body of this size."""
    request = Request("POST", "/items", body=b"x" * size)
    return Copy("items", {}, Copying.READ, "u", Exchange(identity, "svc", request, Response(200)))


async def eventually(true: Callable[[], object]) -> None:
    """Return once it is true."""
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.005)


async def connected(channel: Channel, path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """The worker's end of a channel that listens."""
    await channel.listen(path)
    reader, writer = await asyncio.open_unix_connection(path)
    await eventually(lambda: channel.connected)
    return reader, writer


async def frame(reader: asyncio.StreamReader) -> bytes:
    """The next frame a worker gets."""
    return await reader.readexactly(int.from_bytes(await reader.readexactly(LENGTH), "big"))


async def test_copies_beyond_the_high_mark_are_dropped_until_the_low_mark(tmp_path: Path) -> None:
    """By number and by bytes the channel takes so much and no more, until it has sunk to half of that."""
    landed: list[tuple[str, Outcome]] = []
    channel = Channel(lambda route, outcome: landed.append((route, outcome)), copies=2, max_bytes=10_000)
    reader, writer = await connected(channel, tmp_path / "s")
    assert [channel.offer(copy(name)) for name in "abc"] == ["", "", "full"]
    assert decode(await frame(reader)) == copy("a")
    writer.write(encode(Outcome("a", Bucket.COMPARED)) + encode(Outcome("a", Bucket.COMPARED)))
    await eventually(lambda: landed)
    assert landed == [("items", Outcome("a", Bucket.COMPARED))]
    assert channel.offer(copy("d", 20_000)) == ""
    writer.write(encode(Outcome("b", Bucket.COMPARED)))
    await eventually(lambda: len(landed) == 2)
    assert channel.offer(copy("e")) == "full"
    writer.write(encode(Outcome("d", Bucket.COMPARED)))
    await eventually(lambda: len(landed) == 3)
    assert channel.offer(copy("f")) == ""
    writer.close()
    await channel.close()


async def test_without_a_worker_everything_is_dropped(tmp_path: Path) -> None:
    """Before a worker calls, and after it is gone, copies are dropped; those it held come back as shed."""
    landed: list[tuple[str, Outcome]] = []
    channel = Channel(lambda route, outcome: landed.append((route, outcome)))
    assert channel.offer(copy("a")) == "worker"
    assert not channel.tell(Counts("s", Ledger()))
    _, writer = await connected(channel, tmp_path / "s")
    assert channel.offer(copy("b")) == ""
    writer.close()
    await eventually(lambda: not channel.connected)
    assert landed == [("items", Outcome("b", Bucket.SHED, "worker"))]
    assert channel.offer(copy("c")) == "worker"
    await channel.close()


async def test_a_newer_worker_takes_over(tmp_path: Path) -> None:
    """The worker that called last gets the copies; the older one's loss settles only what it held."""
    landed: list[tuple[str, Outcome]] = []
    channel = Channel(lambda route, outcome: landed.append((route, outcome)))
    _, first = await connected(channel, tmp_path / "s")
    channel.offer(copy("a"))
    reader, second = await asyncio.open_unix_connection(tmp_path / "s")
    second.write(encode(Outcome("nobody's", Bucket.COMPARED)))
    await asyncio.sleep(0.05)
    channel.offer(copy("b"))
    assert decode(await frame(reader)) == copy("b")
    first.close()
    await eventually(lambda: landed)
    assert landed == [("items", Outcome("a", Bucket.SHED, "worker"))]
    assert channel.connected
    await channel.close()
    second.close()


async def test_what_is_buffered_is_sent_before_hanging_up(tmp_path: Path) -> None:
    """Closing sends the last counts first."""
    channel = Channel(lambda *_: None)
    reader, writer = await connected(channel, tmp_path / "s")
    assert channel.tell(Counts("s", Ledger()))
    closing = asyncio.create_task(channel.close())
    assert isinstance(decode(await frame(reader)), Counts)
    assert await reader.read() == b""
    writer.close()
    await closing


async def test_a_worker_that_hangs_does_not_fill_the_memory(tmp_path: Path) -> None:
    """When nothing is read at the other end, even small messages stop being buffered, and closing does not wait."""
    channel = Channel(lambda *_: None, max_bytes=10_000)
    _, writer = await connected(channel, tmp_path / "s")
    told = 0
    while channel.tell(Counts("s" * 50_000, Ledger())):
        told += 1
        assert told < 1000
    assert told > 0
    await channel.close()
    writer.close()
