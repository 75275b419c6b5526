"""What every connection does alike: who writes waits for who reads, both ways, and a peer that stalls shows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from gateway.batch import Batch

_TOGETHER = 1 << 16
"""Bytes beyond which nothing waits to go out with others: a peer that does not read has to show."""


class Flow(asyncio.Protocol):
    """A connection's transport. `stuck` is there while the peer does not read; whoever writes awaits it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.stuck: asyncio.Future[None] | None = None
        self.transport: asyncio.Transport
        self.held = False
        self._backlog = 0
        self._outgoing = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self.transport = cast("asyncio.Transport", transport)

    def pause_writing(self) -> None:
        """See asyncio."""
        if self.stuck is None:
            self.stuck = self.loop.create_future()

    def resume_writing(self) -> None:
        """See asyncio; also when the connection is lost, since then nobody else would."""
        if self.stuck is not None:
            stuck, self.stuck = self.stuck, None
            if not stuck.done():
                stuck.set_result(None)

    async def room(self) -> None:
        """Return when the peer reads again, or is gone."""
        while self.stuck is not None:
            # Several may wait, and one that is cancelled must not take the others with it.
            await asyncio.shield(self.stuck)

    def put(self, data: bytes, batch: Batch) -> None:
        """Send, together with what others in the batch send in this turn of the loop."""
        waits = bool(self._outgoing)
        self._outgoing += data
        if not waits:
            batch.add(self)
        if len(self._outgoing) > _TOGETHER:
            self.send_now()

    def send_now(self) -> None:
        """See Batch; also before the connection ends."""
        data, self._outgoing = self._outgoing, b""
        if data and not self.transport.is_closing():
            self.transport.write(data)

    def abort(self) -> None:
        """Send what waits, as far as the peer takes it now, and end."""
        self.send_now()
        self.transport.abort()

    def hold(self) -> None:
        """Read no more until `go_on`."""
        if not self.held:
            self.held = True
            self.transport.pause_reading()

    def go_on(self) -> None:
        """Read again."""
        if self.held:
            self.held = False
            self.transport.resume_reading()

    def took_some(self) -> bool:
        """Whether the peer has taken something since the last call."""
        before, self._backlog = self._backlog, self.transport.get_write_buffer_size()
        return self._backlog != before

    def half_close(self) -> None:
        """Say that nothing more comes, and read on: closing with unread data may take the answer from the peer.

        Over TLS closing is a talk in itself, during which what comes is read.
        """
        self.go_on()
        self.send_now()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()


def address(transport: asyncio.BaseTransport, which: str) -> tuple[str, int] | None:
    """`peername` or `sockname` as host and port."""
    found = transport.get_extra_info(which)
    return (found[0], found[1]) if isinstance(found, tuple) else None
