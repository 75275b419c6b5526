"""HTTP/2 on one connection (RFC 9113): frames by the `h2` package without I/O, ASGI towards the application.

Memory is bounded by the windows the client is given; work by the number of streams, of resets (CVE-2023-44487) and of
frames that ask for nothing. A drain is announced with GOAWAY, and open streams finish.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from h2 import events
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from hyperframe.frame import GoAwayFrame

from gateway.listen.budget import Budget
from gateway.listen.flow import address
from gateway.listen.framing import Framing
from gateway.listen.scope import scope_of, shared_scope
from gateway.listen.stream import Stream
from gateway.listen.strict import Unacceptable, request_of

if TYPE_CHECKING:
    import asyncio

    from gateway.listen.reception import Reception
    from gateway.listen.stream import Pairs

RESETS = (200, 20)
"""Requests that the client takes back unanswered: at once, and a second."""
_LAST = (1 << 31) - 1
_SLICE = 4096
"""Bytes parsed at a time: `h2` copies the rest of its buffer for each frame, which tiny frames would exploit."""
_HARMLESS = (events.DataReceived, events.RequestReceived, events.StreamEnded, events.SettingsAcknowledged)


class Http2(Framing):
    """One connection of HTTP/2."""

    def __init__(self, reception: Reception) -> None:
        super().__init__(reception.loop, reception.bounds().streams)
        self.extra: tuple[tuple[bytes, bytes], ...] = ()
        self._reception = reception
        self._bounds = reception.bounds()
        self._streams: dict[int, Stream] = {}
        self._client = ""
        self._count = self._running = self._newest = 0
        self._age = 0.0
        self._resets_left = Budget(*RESETS)
        self._told = False

    # What the event loop says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        super().connection_made(transport)
        peer = address(transport, "peername")
        self._client = peer[0] if peer else ""
        secure = transport.get_extra_info("ssl_object") is not None
        self.extra = tuple(_pair(line) for line in self._reception.extra) if secure else ()
        self._shared = shared_scope("https" if secure else "http", peer, address(transport, "sockname"))
        self._reception.connections.add(self)
        self.flush()
        if self._reception.full:
            self.refuse(503, "full")
            self._end(ErrorCodes.ENHANCE_YOUR_CALM)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        del exc
        self._reception.connections.discard(self)
        self.ending = True
        for stream in list(self._streams.values()):
            stream.leave()
        self._streams.clear()
        self.resume_writing()
        self.forget()

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        for start in range(0, len(data), _SLICE):
            if self.ending:
                return
            try:
                found = self.h2.receive_data(data[start : start + _SLICE])
            except ProtocolError as error:
                self._broken(error)
                return
            for event in found:
                if not self.ending:
                    self._take(event)
        self.flush()

    def pause_writing(self) -> None:
        """See asyncio; answers to frames of a client that reads none would fill the memory."""
        super().pause_writing()
        self.hold()

    def resume_writing(self) -> None:
        """See asyncio."""
        super().resume_writing()
        if not self.ending:
            self.go_on()

    # What a stream says.

    def reset(self, stream: Stream, code: ErrorCodes) -> None:
        """See Frames."""
        if self._streams.pop(stream.id, None) is not None:
            stream.leave()
            self.take_back(stream.id, code)
            self.flush()
        self._rest()

    def refuse(self, status: int, reason: str) -> str:
        """See Frames."""
        return self._reception.refuse(status, reason, self._client)

    def answered(self, stream: Stream) -> None:
        """See Frames; a client that still sends its body is told that nobody wants it (RFC 9113 §8.1)."""
        self._age = 0.0
        if stream.whole:
            self._streams.pop(stream.id, None)
            self._rest()
        else:
            self.reset(stream, ErrorCodes.NO_ERROR)

    # What the listener says.

    def tick(self, seconds: float) -> None:
        """See Connection."""
        self._age += seconds
        self.frames_left.tick(seconds)
        self._resets_left.tick(seconds)
        bounds = self._bounds
        if self.ending:
            if self._age > bounds.linger:
                self.transport.abort()
        elif self.stuck is not None:
            if self.took_some():
                self._age = 0.0
            elif self._age > bounds.idle:
                self.cut()
        elif self._idle and self._age > (bounds.keep_alive if self._count else bounds.head_seconds):
            self._end(ErrorCodes.NO_ERROR)
        for stream in list(self._streams.values()):
            self._tick_stream(stream, seconds)

    def dismiss(self, *, last_call: bool) -> None:
        """See Connection: first that the end is near, then which request is the last one."""
        self._goodbye(_LAST if last_call else self._newest)
        self._told = not last_call
        self._rest()

    def cut(self) -> None:
        """See Connection."""
        self.ending = True
        for stream in list(self._streams.values()):
            stream.leave()
        self.transport.abort()

    # Within.

    @property
    def _idle(self) -> bool:
        return not (self._streams or self._running)

    def _take(self, event: events.Event) -> None:
        if not isinstance(event, _HARMLESS):
            self._spend(self.frames_left, "flood")
        match event:
            case events.RequestReceived(stream_id=int() as identity):
                self._begin(identity, list(event.headers or ()), ended=event.stream_ended is not None)
            case events.DataReceived(stream_id=int() as identity):
                self._feed(identity, event.data or b"", event.flow_controlled_length or 0)
            case events.StreamEnded(stream_id=int() as identity) if identity in self._streams:
                self._streams[identity].end()
            case events.StreamReset(stream_id=int() as identity):
                self._gone(identity)
            case events.WindowUpdated() | events.RemoteSettingsChanged():
                for stream in list(self._streams.values()):
                    stream.opened()
            case events.ConnectionTerminated():
                self._told = True
                self._rest()

    def _begin(self, identity: int, headers: Pairs, *, ended: bool) -> None:
        self._age = 0.0
        self._count += 1
        busy = self._running >= self._bounds.streams * 2
        if self.ending or self._told or busy:
            self.take_back(identity, ErrorCodes.REFUSED_STREAM)
            return
        self._newest = identity
        try:
            method, target, fields = request_of(headers, self._shared["scheme"].encode(), ended=ended)
        except Unacceptable:
            self.refuse(400, "malformed")
            self.take_back(identity, ErrorCodes.PROTOCOL_ERROR)
            return
        scope = scope_of(self._shared, "2", method.decode("ascii"), target, fields)
        expects = not ended and any(name == b"expect" and value.lower() == b"100-continue" for name, value in fields)
        stream = self._streams[identity] = Stream(self, identity, scope, expects=expects)
        stream.whole = ended
        self._reception.run(self._run(stream))
        if self._count >= self._bounds.requests and not self._told:
            self.dismiss(last_call=False)

    async def _run(self, stream: Stream) -> None:
        # A stream that was taken back still runs for a moment: without this count, resets would pile up work.
        self._running += 1
        try:
            await stream.run(self._reception.app)
        finally:
            self._running -= 1
            self._rest()

    def _feed(self, identity: int, data: bytes, size: int) -> None:
        self._age = 0.0
        stream = self._streams.get(identity)
        if stream is None:
            self.give_back(identity, size)
            return
        if not data:
            self._spend(self.frames_left, "flood")
        self.took(stream, size - len(data))
        if data:
            stream.feed(data)
            self.frames_left.repay(len(data) / 1024)

    def _gone(self, identity: int) -> None:
        stream = self._streams.pop(identity, None)
        if stream is not None:
            stream.leave()
        self._spend(self._resets_left, "resets")

    def _tick_stream(self, stream: Stream, seconds: float) -> None:
        bounds = self._bounds
        stream.starved = stream.starved + seconds if stream.waits else 0.0
        if stream.starved > bounds.idle:
            self.reset(stream, ErrorCodes.CANCEL)
        elif not (stream.whole or stream.done or stream.expects or stream.full) and stream.lags(
            seconds, bounds.idle, bounds.rate
        ):
            stream.fail("slow")

    def _spend(self, budget: Budget, reason: str) -> None:
        if not budget.spend() and not self.ending:
            self.refuse(429, reason)
            self._end(ErrorCodes.ENHANCE_YOUR_CALM)

    def _broken(self, error: ProtocolError) -> None:
        self.refuse(400, "malformed")
        self.flush()
        self._end(ErrorCodes(error.error_code), told=True)

    def _goodbye(self, last: int) -> None:
        # The package would take its own GOAWAY for the end of everything, and streams are still open.
        if not self.ending:
            self.flush()
            self.transport.write(GoAwayFrame(0, last_stream_id=last).serialize())

    def _rest(self) -> None:
        if self._told and self._idle and not self.ending:
            self._end(ErrorCodes.NO_ERROR, told=True)

    def _end(self, code: ErrorCodes, *, told: bool = False) -> None:
        if self.ending:
            return
        if not told:
            self.h2.close_connection(code)
        self.flush()
        self.ending, self._age = True, 0.0
        for stream in list(self._streams.values()):
            stream.leave()
        self._streams.clear()
        self.half_close()


def _pair(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.removesuffix(b"\r\n").partition(b": ")
    return name, value
