"""A WebSocket's server side (RFC 6455): frames by the `websockets` package without its I/O, ASGI towards the relay.

No extension is ever agreed on. At most one read of messages is held for the application, and a client that does not
read stops being read.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from websockets.datastructures import Headers
from websockets.frames import Close, Opcode
from websockets.protocol import Protocol, Side

from gateway.listen.flow import Flow
from gateway.listen.handshake import QUIET, checked, socket_scope, switching
from gateway.listen.head import head, problem

if TYPE_CHECKING:
    import asyncio

    from websockets.frames import Frame

    from gateway.listen.reception import Message, Reception

SWITCHING = 101
LOST, EMPTY, FAULT, RESTART = 1006, 1005, 1011, 1012
"""Close codes: no close frame came; one without a code; a fault on this side; the gateway stops."""
_log = logging.getLogger("cutover.gateway")


class Socket(Flow):
    """One WebSocket connection, from its handshake on."""

    def __init__(self, reception: Reception, transport: asyncio.Transport, client: str) -> None:
        super().__init__(reception.loop)
        self.transport = transport
        self._reception = reception
        self._bounds = reception.bounds()
        self._client = client
        self._frames: Protocol = Protocol(Side.SERVER, max_size=self._bounds.message, logger=QUIET)
        self._headers = Headers()
        self._known: list[Message] = [{"type": "websocket.connect"}]
        self._message = bytearray()
        self._kind = Opcode.TEXT
        self._accepted = self._closing = self._closed = self._left = self._pinged = False
        self._refusing = 0
        self._quiet_for = 0.0
        self._waiter: asyncio.Future[None] | None = None
        self._early = b""
        transport.set_protocol(self)
        reception.connections.add(self)
        self.hold()

    def open(self, scope: Message, early: bytes) -> None:
        """Check the handshake and let the application answer it; `early` came before it was answered."""
        self._early = early
        status, self._headers = checked(scope)
        if status == SWITCHING:
            self._reception.run(self._run(socket_scope(scope)))
        else:
            self._refuse(status)

    # What the event loop says.

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        self._quiet_for, self._pinged = 0.0, False
        if self._closed:
            return
        if not self._accepted:
            self._early += data
            return
        frames = self._frames
        frames.receive_data(data)
        for frame in frames.events_received():
            self._take(frame)  # type: ignore[arg-type]
        self._flush()
        if frames.parser_exc is not None and frames.close_sent is not None:
            self._tell(int(frames.close_sent.code), frames.close_sent.reason, local=True)
        if self._known and not self._closing:
            self.hold()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        del exc
        self._reception.connections.discard(self)
        self._closed = True
        self._tell(LOST, "")
        self.resume_writing()
        # The package's parser and its protocol hold each other: nothing is left for the garbage collector.
        self._frames.parser.close()

    def pause_writing(self) -> None:
        """See asyncio; pings of a client that reads no pongs would fill the memory."""
        super().pause_writing()
        self.hold()

    def resume_writing(self) -> None:
        """See asyncio."""
        super().resume_writing()
        self._go_on()

    # What the application calls.

    async def _run(self, scope: Message) -> None:
        try:
            await self._reception.app(scope, self.receive, self.send)
        except OSError:
            self._end(LOST, "")
        except Exception:  # noqa: BLE001 - the outermost boundary: one socket's fault ends one socket
            _log.exception("%s", scope["raw_path"].decode("latin-1"))
        finally:
            if not self._accepted and not self._refusing:
                self._refuse(500)
            else:
                self._end(FAULT, "")

    async def receive(self) -> Message:
        """See ASGI."""
        while not self._known:
            self._go_on()
            self._waiter = self.loop.create_future()
            await self._waiter
        return self._known.pop(0)

    async def send(self, message: Message) -> None:
        """See ASGI; waits while the client does not read.

        Raises:
            OSError: the socket has ended.
        """
        if self.stuck is not None:
            await self.room()
        if self._closed or self._left:
            raise ConnectionError("the client has gone")
        match message["type"]:
            case "websocket.send":
                text = message.get("text")
                if text is None:
                    self._frames.send_binary(message["bytes"])
                else:
                    self._frames.send_text(text.encode())
                self._flush()
            case "websocket.accept":
                self._accept(message.get("subprotocol"))
            case "websocket.close":
                if self._accepted:
                    self._end(message.get("code", 1000), message.get("reason") or "")
                else:
                    self._refuse(403)
            case "websocket.http.response.start":
                self._refusing = message["status"]
                fields = [b"%b: %b\r\n" % pair for pair in message["headers"] if pair[0] != b"connection"]
                self.transport.write(head(self._refusing, fields, close=True))
            case _:
                self.transport.write(message.get("body", b""))
                if not message.get("more_body", False):
                    self._hang_up()

    # What the listener says.

    def tick(self, seconds: float) -> None:
        """See Connection; one clock serves for pings, too."""
        bounds = self._bounds
        self._quiet_for += seconds
        if self.stuck is not None and self.took_some():
            self._quiet_for = 0.0
        if self._closing:
            if self._quiet_for > bounds.linger:
                self.transport.abort()
        elif not self._accepted:
            pass
        elif self._reception.draining:
            self._dismissed()
        elif self._quiet_for >= bounds.ping * 2:
            if self.stuck is not None or not self.held:
                self._end(FAULT, "the ping was not answered")
                self._tell(LOST, "")
        elif self._quiet_for >= bounds.ping and not self._pinged:
            self._pinged = True
            self._frames.send_ping(b"")
            self._flush()

    def dismiss(self, *, last_call: bool) -> None:
        """See Connection; a socket is told at once that the gateway stops."""
        del last_call
        if self._accepted:
            self._dismissed()

    def cut(self) -> None:
        """See Connection."""
        self.transport.abort()

    # Within.

    def _accept(self, subprotocol: str | None) -> None:
        self.transport.write(switching(self._headers, subprotocol))
        self._headers = Headers()
        self._accepted = True
        early, self._early = self._early, b""
        self._go_on()
        if early:
            self.data_received(early)

    def _take(self, frame: Frame) -> None:
        match frame.opcode:
            case Opcode.CLOSE:
                close = Close.parse(frame.data)
                self._tell(int(close.code), close.reason)
            case Opcode.TEXT | Opcode.BINARY:
                self._kind = frame.opcode
                if frame.fin:
                    self._deliver(bytes(frame.data))
                else:
                    self._message += frame.data
            case Opcode.CONT:
                # One growing buffer: a list of a million empty fragments would be no message but a lot of memory.
                self._message += frame.data
                if frame.fin:
                    message, self._message = bytes(self._message), bytearray()
                    self._deliver(message)
            case _:
                pass

    def _deliver(self, data: bytes) -> None:
        if self._left or self._closing:
            return
        if self._kind is Opcode.BINARY:
            self._put({"type": "websocket.receive", "bytes": data})
            return
        try:
            self._put({"type": "websocket.receive", "text": data.decode()})
        except UnicodeDecodeError:
            self._end(1007, "the text is not UTF-8")
            self._tell(1007, "", local=True)

    def _tell(self, code: int, reason: str, *, local: bool = False) -> None:
        if not self._left:
            self._left = True
            self._put({"type": "websocket.disconnect", "code": code, "reason": reason, "local": local})

    def _put(self, message: Message) -> None:
        self._known.append(message)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _dismissed(self) -> None:
        if not self._left:
            self._end(RESTART, "the gateway stops")
            self._tell(RESTART, "the gateway stops", local=True)

    def _end(self, code: int, reason: str) -> None:
        if self._closing or self._closed:
            return
        self._quiet_for = 0.0
        if self._accepted and self._frames.close_sent is None:
            if code == EMPTY:
                self._frames.send_close()
            elif code == LOST:
                self.transport.abort()
            else:
                self._frames.send_close(code, reason)
        self._flush()
        self._closing = True
        self._go_on()

    def _flush(self) -> None:
        for data in self._frames.data_to_send():
            if data and not self._closed:
                self.transport.write(data)
            elif not self._closed:
                self._closing = True
                self._quiet_for = 0.0
                self.transport.close()

    def _refuse(self, status: int) -> None:
        self._refusing = status
        identity = self._reception.refuse(status, "handshake", self._client)
        headers, body = problem(status, "handshake", "The WebSocket handshake is refused", identity)
        self.transport.write(head(status, [b"%b: %b\r\n" % pair for pair in headers], close=True) + body)
        self._hang_up()

    def _hang_up(self) -> None:
        self._closed = self._closing = True
        self._quiet_for = 0.0
        self.half_close()
        self._tell(LOST, "")

    def _go_on(self) -> None:
        waits = self._known or self.stuck is not None or not self._accepted
        if not self._closed and (self._closing or not waits):
            self.go_on()
