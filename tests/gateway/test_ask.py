"""The gateway's own questions to a service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.ask import ANSWER_LIMIT, ask
from gateway.core.routes import Timeouts
from gateway.transport.errors import Broken, ConnectFailed, Silent
from gateway.transport.pool import Pool
from tests.apps.echo import upstream
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from tests.apps.echo import Seen


async def test_answer_comes_whole() -> None:
    """Status, headers and body of the service, which was sent Host and the headers given."""
    async with upstream() as up:
        reply = await ask(Pool(), up.address, "/keys?a=1", (("Authorization", "x"),))
    assert reply.status == 200
    assert (up.seen[0].method, up.seen[0].target) == ("GET", "/keys?a=1")
    assert up.seen[0].values("authorization") == ["x"]
    assert up.seen[0].values("host") == [up.address.removeprefix("http://")]
    assert b"/keys?a=1" in reply.body


async def test_answer_of_any_length_is_not_held() -> None:
    """More than 1 MiB is no answer to a question of ours."""

    async def long(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        del seen, reader
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (ANSWER_LIMIT * 2))
        writer.write(b"x" * ANSWER_LIMIT * 2)
        await writer.drain()
        return False

    async with upstream() as up:
        up.behave = long
        with pytest.raises(Broken, match="longer"):
            await ask(Pool(), up.address, "/")


async def test_answer_that_drips_is_given_up_in_time() -> None:
    """However often a byte comes, whoever waits for the answer waits no longer than the limits together."""

    async def drips(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        del seen, reader
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)
        return False

    async with upstream(drips) as up:
        async with asyncio.timeout(5):
            with pytest.raises(Silent, match="in time"):
                await ask(Pool(), up.address, "/", timeouts=Timeouts(0.2, 0.2, 0.2))
        await eventually(lambda: up.open == 0)


async def test_silently_closed_connection_is_replaced() -> None:
    """A kept connection that turns out dead costs one more connection, not the answer."""

    async def once(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        del reader
        if seen.target == "/dies":
            return False
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx")
        await writer.drain()
        return True

    pool = Pool()
    async with upstream() as up:
        up.behave = once
        assert (await ask(pool, up.address, "/")).status == 200
        with pytest.raises(Broken):
            await ask(pool, up.address, "/dies")
        assert [seen.target for seen in up.seen] == ["/", "/dies", "/dies"]
    pool.close()


async def test_absent_service_is_told_apart() -> None:
    """Nothing listens there."""
    with pytest.raises(ConnectFailed):
        await ask(Pool(), "http://127.0.0.1:9", "/")
