"""Clients that do not take their answer."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from gateway.core.resilience import ClientPolicy
from gateway.core.routes import Access, Timeouts
from gateway.stall import cut_when_stalled
from tests.apps.echo import upstream
from tests.apps.gateways import running
from tests.apps.table import route, table
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from tests.apps.echo import Seen


def test_accepted_connections_inherit_the_limit() -> None:
    """What is set on the listening socket holds for every connection it accepts."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        cut_when_stalled(listening, 2.5)
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 2500
            accepted.close()


async def test_client_that_takes_nothing_frees_its_service() -> None:
    """A client that stops reading is cut after the limit, and with it the connection to the service."""

    async def pour(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65536)
            await writer.drain()
        return False

    async with upstream(pour) as up:
        big = route("big", "front", "GET /big", "GET /api/big", access=Access.PUBLIC, timeouts=Timeouts(1, 5, 60))
        async with running(table(up.address, big, clients=ClientPolicy(idle=0.5))) as gate:
            _, writer = await asyncio.open_connection("127.0.0.1", gate.port, limit=1024)
            writer.write(b"GET /api/big HTTP/1.1\r\nHost: a\r\n\r\n")
            await eventually(lambda: up.open == 1)
            await eventually(lambda: up.open == 0, 10)
            writer.close()
