"""The sending half of a connection to a service."""

from __future__ import annotations

import asyncio

import pytest

from gateway.transport.errors import Broken, Silent
from gateway.transport.origin import origin_of
from gateway.transport.pool import Pool
from gateway.transport.sending import HIGH
from tests.apps.echo import Seen, upstream


async def test_who_sends_faster_than_it_is_taken_waits() -> None:
    """More than a service takes waits here, within a bound, until it reads or the time is over."""
    reads = asyncio.Event()

    async def behave(_seen: Seen, reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> bool:
        await reads.wait()
        while await reader.read(1 << 16):
            pass
        return False

    async with upstream(behave) as up:
        up.reads_body = False
        pool = Pool()
        connection = await pool.take(origin_of(up.address), 1.0)
        connection.start(bodyless=False)
        await connection.write(b"POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 1.0)

        async def flood() -> None:
            for _ in range(400):
                await connection.write(b"x" * HIGH, 0.1)

        with pytest.raises(Silent):
            await flood()
        reads.set()
        await connection.write(b"x", 2.0)
        connection.close()


async def test_nothing_is_sent_on_a_connection_that_ended() -> None:
    """Whoever tries hears why, and that nothing went out."""
    async with upstream() as up:
        connection = await Pool().take(origin_of(up.address), 1.0)
        connection.start(bodyless=False)
        connection.close()
        with pytest.raises(Broken) as broken:
            connection.put(b"GET / HTTP/1.1\r\n\r\n")
        assert not broken.value.sent
