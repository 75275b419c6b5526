"""What every connection does alike."""

from __future__ import annotations

import asyncio
import socket
from typing import cast

from gateway.listen.flow import Flow, address
from tests.apps.wire import eventually


class Taking(Flow):
    """Keeps what comes."""

    def __init__(self) -> None:
        super().__init__(asyncio.get_running_loop())
        self.data = b""

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self.data += data


async def connected() -> tuple[Taking, socket.socket]:
    """A flow and the other end of its connection."""
    ours, theirs = socket.socketpair()
    theirs.setblocking(False)  # noqa: FBT003 - the standard library takes it so
    _, flow = await asyncio.get_running_loop().create_connection(Taking, sock=ours)
    return cast("Taking", flow), theirs


async def test_held_connection_reads_nothing_until_it_goes_on() -> None:
    """What is sent meanwhile waits outside; both words may be said twice."""
    flow, peer = await connected()
    flow.hold()
    flow.hold()
    peer.send(b"x")
    await asyncio.sleep(0.02)
    assert flow.data == b""
    flow.go_on()
    flow.go_on()
    await eventually(lambda: flow.data == b"x")
    flow.transport.abort()
    peer.close()


async def test_all_who_wait_for_room_go_on_although_one_was_cancelled() -> None:
    """A writer that is cancelled does not take the others with it; reading of the peer wakes them, and shows."""
    flow, peer = await connected()
    flow.transport.write(b"x" * 5_000_000)
    await eventually(lambda: flow.stuck is not None)
    assert flow.took_some()
    assert not flow.took_some()
    first, second = asyncio.create_task(flow.room()), asyncio.create_task(flow.room())
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    assert not second.done()
    taken = 0
    while taken < 5_000_000:
        await asyncio.sleep(0)
        try:
            taken += len(peer.recv(1 << 20))
        except BlockingIOError:
            continue
    async with asyncio.timeout(5):
        await second
    assert flow.took_some()
    flow.transport.abort()
    peer.close()


async def test_half_closed_connection_still_reads() -> None:
    """The peer sees the end, and what it sends is taken."""
    flow, peer = await connected()
    flow.hold()
    flow.half_close()
    loop = asyncio.get_running_loop()
    assert await loop.sock_recv(peer, 1) == b""
    peer.send(b"x")
    await eventually(lambda: flow.data == b"x")
    flow.transport.abort()
    peer.close()


async def test_address_without_host_and_port_is_none() -> None:
    """A Unix socket has no address to speak of."""
    flow, peer = await connected()
    assert address(flow.transport, "peername") is None
    flow.transport.abort()
    peer.close()
