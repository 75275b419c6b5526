"""The pool."""

from __future__ import annotations

import asyncio
import socket
import ssl

import pytest

from gateway.transport import pool as module
from gateway.transport.errors import ConnectFailed, ConnectTimedOut
from gateway.transport.origin import origin_of
from gateway.transport.pool import Pool
from tests.apps.echo import upstream
from tests.apps.wire import eventually

ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


async def used(pool: Pool, address: str, *, fresh: bool = False) -> int:
    """Send one request and give the connection back; how often it has been used."""
    origin = origin_of(address)
    connection = await pool.take(origin, 5, fresh=fresh)
    connection.start(bodyless=False)
    await connection.write(ASK, 5)
    await connection.head(5)
    while await connection.read(5):
        pass
    pool.release(origin, connection)
    return connection.used


async def test_connections_are_reused_unless_a_fresh_one_is_asked_for() -> None:
    """The second request uses the first one's connection; a fresh one is new."""
    async with upstream() as up:
        pool = Pool()
        assert [await used(pool, up.address), await used(pool, up.address)] == [1, 2]
        assert await used(pool, up.address, fresh=True) == 1
        assert pool.idle(origin_of(up.address)) == 2
        pool.close()
        await eventually(lambda: up.open == 0)
        assert pool.origins() == ()


async def test_ended_connection_leaves_at_once() -> None:
    """A connection the service closed is not offered again."""
    async with upstream() as up:
        pool = Pool()
        await used(pool, up.address)
        up.close_connections()
        await eventually(lambda: pool.idle(origin_of(up.address)) == 0)
        assert await used(pool, up.address) == 1
        pool.close()


async def test_rested_connection_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that rested longer than the limit is closed instead."""
    async with upstream() as up:
        pool = Pool()
        await used(pool, up.address)
        monkeypatch.setattr(module, "MAX_IDLE", 0.0)
        assert await used(pool, up.address) == 1
        pool.close()


async def test_connections_that_nobody_needs_any_more_are_closed() -> None:
    """What has rested too long is closed when another comes back, also where the service never closes any."""
    async with upstream() as up:
        pool, origin = Pool(), origin_of(up.address)
        await asyncio.gather(*(used(pool, up.address, fresh=True) for _ in range(3)))
        for connection in pool._idle[origin]:
            connection.idle_since -= module.MAX_IDLE + 1
        await used(pool, up.address, fresh=True)
        assert pool.idle(origin) == 1
        await eventually(lambda: up.open == 1)
        pool.close()


async def test_number_of_resting_connections_is_limited() -> None:
    """Connections over the limit are closed when they come back."""
    async with upstream() as up:
        pool = Pool(limit=1)
        await asyncio.gather(*(used(pool, up.address, fresh=True) for _ in range(3)))
        assert pool.idle(origin_of(up.address)) == 1
        pool.close()


async def test_nobody_listening_is_a_failure_to_connect() -> None:
    """A refused connection and an unknown name are ConnectFailed."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectFailed):
            await Pool().take(origin_of(f"http://127.0.0.1:{taken.getsockname()[1]}"), 5)
    with pytest.raises(ConnectFailed):
        await Pool().take(origin_of("http://nowhere.invalid"), 5)


async def test_full_backlog_times_out() -> None:
    """A service that accepts nobody is ConnectTimedOut."""
    with socket.socket() as full, socket.socket() as one, socket.socket() as two:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for filler in (one, two):
            filler.setblocking(False)  # noqa: FBT003 - the standard library takes it so
            filler.connect_ex(full.getsockname())
        with pytest.raises(ConnectTimedOut):
            await Pool().take(origin_of(f"http://127.0.0.1:{full.getsockname()[1]}"), 0.2)


async def test_plain_service_behind_https_is_a_failure_to_connect() -> None:
    """A TLS handshake that fails is ConnectFailed; certificates are verified."""

    async def plain(_reader: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(plain, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(ConnectFailed):
            await Pool().take(origin_of(f"https://127.0.0.1:{port}"), 5)
    assert Pool()._tls.verify_mode is ssl.CERT_REQUIRED


async def test_connections_to_a_service_that_is_gone_are_closed() -> None:
    """What rests there ends, what comes back from there is not kept; a service that returns is pooled again."""
    async with upstream() as gone, upstream() as stays:
        pool = Pool()
        old, other = origin_of(gone.address), origin_of(stays.address)
        await used(pool, gone.address)
        await used(pool, stays.address)
        pool.follow([old, other], [other])
        await eventually(lambda: gone.open == 0)
        assert (pool.idle(old), pool.idle(other)) == (0, 1)
        await used(pool, gone.address)
        assert pool.idle(old) == 0
        pool.follow([other], [old, other])
        await used(pool, gone.address)
        assert pool.idle(old) == 1
        pool.close()
