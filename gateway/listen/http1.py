"""HTTP/1.1 on one connection: llhttp parses, the application answers, in order, within limits.

A head the parser refuses ends the connection after the answers that are still owed. What cannot be told apart from a
next request (a body behind an unanswered Expect, what follows an upgrade, data behind `Connection: close`) is
never read as one. Trailers never become headers (RFC 9110 §6.5.1).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import httptools

from gateway.listen.flow import address
from gateway.listen.head import REASONS, refusal
from gateway.listen.passage import SOON, Passing
from gateway.listen.scope import opens_socket, scope_of, shared_scope
from gateway.listen.socket import Socket
from gateway.listen.turn import Turn

if TYPE_CHECKING:
    import asyncio

    from gateway.listen.heads import Known
    from gateway.listen.reception import Message, Reception

_log = logging.getLogger("cutover.gateway")
_TELLING = frozenset({b"expect", b"transfer-encoding", b"content-length", b"upgrade"})
_VERSIONS = frozenset({"1.0", "1.1"})


class Http1(Passing):
    """One connection of HTTP/1.0 or 1.1."""

    def __init__(self, reception: Reception) -> None:
        super().__init__(reception, reception.bounds())
        self._parser: Any = httptools.HttpRequestParser(self)
        self._client: tuple[str, int] | None = None
        self._feeding: Turn | None = None
        self._handshake: Message | None = None
        self._pumping = False
        self._read = 0
        self._plain: Message | None = None
        self._headers: list[tuple[bytes, bytes]] = []

    # What the event loop says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        super().connection_made(transport)
        self._client = address(transport, "peername")
        secure = transport.get_extra_info("ssl_object") is not None
        self._peer = (self._client[0] if self._client else "", secure)
        if secure:
            self.extra = self._reception.extra
        self._shared = shared_scope("https" if secure else "http", self._client, address(transport, "sockname"))
        self._reception.arriving.discard(self)
        self._reception.connections.add(self)
        if self._reception.full:
            self._deaf, self._refusal = True, 503
            self.next()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        del exc
        self._reception.connections.discard(self)
        self._deaf = self._ending = True
        for turn in (self._turn, self._feeding, *self._waiting):
            if turn is not None:
                turn.leave()
        self._turn = self._feeding = None
        self._waiting.clear()
        self.resume_writing()
        # It holds our methods: without it and without turns, nothing is left for the garbage collector.
        self._parser = None

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        if self._deaf:
            return
        at_rest = self._turn is None and self._feeding is None and not self._in_head
        if at_rest and (known := self._reception.heads.get(data)) is not None:
            # The same bytes between two requests: the parser would say the same of them, and be where it was.
            self._again(known)
            return
        read = self._read
        self._unread += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._deaf = True
            if self._handshake is not None:
                self._switch(self._handshake, data[upgrade.args[0] :])
                return
        except httptools.HttpParserError:
            self._malformed(400)
        flooded = self._in_head and len(self._headers) > self._bounds.lines
        if (flooded or self._unread > self._bounds.head) and not self._deaf:
            self._headers = []
            self._malformed(431)
        if at_rest and self._plain is not None and self._read == read + 1 and not (self._in_head or self._feeding):
            self._reception.heads.put(data, self._plain)
        if self._turn is None:
            self.next()
        if self._waiting or (self._feeding is not None and self._feeding.full):
            self.hold()

    # What the parser says.

    def on_message_begin(self) -> None:
        """See httptools."""
        self._in_head = True
        self._url = b""
        self._headers = []
        self._telling: dict[bytes, bytes] = {}
        if self._turn is None:
            self._age = 0.0

    def on_url(self, url: bytes) -> None:
        """See httptools."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        if self._in_head:
            name = name.lower()
            if name in _TELLING:
                self._telling[name] = value
            self._headers.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """See httptools."""
        parser, telling = self._parser, self._telling
        self._in_head, self._unread = False, 0
        version = parser.get_http_version()
        if version not in _VERSIONS or (version == "1.0" and b"transfer-encoding" in telling):
            raise ValueError("unknown version, or a coding that HTTP/1.0 does not know (RFC 9112 §6.1)")
        scope = scope_of(self._shared, version, parser.get_method().decode("ascii"), self._url, self._headers)
        upgrade = parser.should_upgrade()
        if upgrade and opens_socket(scope["method"], telling):
            self._handshake = scope
            return
        keep = version == "1.1" and not upgrade and parser.should_keep_alive()
        expects = version == "1.1" and telling.get(b"expect", b"").lower() == b"100-continue"
        self._feeding = Turn(self, scope, keep=keep, expects=expects)
        self._read += 1
        self._plain = scope if keep and not telling else None
        if len(self._waiting) < self._bounds.pipelined:
            self._waiting.append(self._feeding)
        else:
            # Whoever asks for more at once asks again for the rest (RFC 9112 §9.3.2).
            self._waiting[-1].keep = False

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        self._unread, self._age = 0, 0.0
        if self._feeding is not None:
            self._feeding.feed(body)

    def on_message_complete(self) -> None:
        """See httptools."""
        self._unread = 0
        turn, self._feeding = self._feeding, None
        if turn is not None:
            turn.end()
            if turn.done and turn is self._turn:
                self._settled(turn)

    # What a turn says.

    def want(self) -> None:
        """The application has taken what there was of the body."""
        if not self._waiting:
            self.go_on()

    def refuse(self, status: int, reason: str) -> str:
        """Count an answer that the application never gave; its id."""
        return self._reception.refuse(status, reason, self._client[0] if self._client else "")

    def answered(self, turn: Turn) -> None:
        """The answer is complete: the next turn, the rest of this one's body, or the end."""
        self._age = 0.0
        if turn.whole or not turn.keep:
            self._settled(turn)
        else:
            self.want()

    def broken_off(self, *, clean: bool) -> None:
        """An answer ends early. `clean`: its framing shows that without a reset."""
        self._deaf = True
        self.finish() if clean else self.abort()

    # What the listener says.

    def dismiss(self, *, last_call: bool) -> None:
        """See Connection."""
        if self._turn is None and not self._in_head and not self._ending and not last_call:
            self.finish()

    def cut(self) -> None:
        """See Connection."""
        self._deaf = self._ending = True
        if self._turn is not None:
            self._turn.leave()
        self.abort()

    def finish(self) -> None:
        """End when what was written has gone out."""
        self._deaf = self._ending = True
        self._age = 0.0
        self.send_now()
        self.transport.close()

    # Within.

    def next(self) -> None:
        """See Passing."""
        if self._pumping:
            return
        self._pumping = True
        while self._turn is None and self._waiting and not self._ending:
            self._turn = turn = self._waiting.popleft()
            self._count += 1
            self._reception.run(turn.run(self._reception.app))
        self._pumping = False
        if self._turn is None and not self._ending:
            if self._refusal:
                self._refuse(self._refusal)
            else:
                self.want()
        elif self.held and self._feeding is not None and self._feeding is self._turn:
            # What it waits for has yet to come, and nobody else would read on.
            self.want()

    def _settled(self, turn: Turn) -> None:
        self._turn = None
        if turn.keep:
            self.next()
        elif turn.whole:
            self.finish()
        else:
            self._hang_up()

    def _malformed(self, status: int) -> None:
        self._deaf = True
        turn = self._feeding
        if turn is None:
            self._refusal = status
        elif turn.done:
            self._hang_up()
        else:
            turn.fail("malformed")

    def _refuse(self, status: int) -> None:
        identity = self.refuse(status, REASONS[status][0])
        self.write(refusal(status, identity, self.extra))
        self._hang_up()

    def _hang_up(self) -> None:
        self._deaf = self._ending = True
        self._age = 0.0
        self.half_close()

    def _again(self, known: Known) -> None:
        self._age = 0.0
        if known.shortcuts.get(self._peer) is None or self.stuck is not None:
            self._waiting.append(self.turn_of(known))
            self.next()
            return
        # Whatever else comes stands behind it, as behind a turn.
        self._turn, self._known = SOON, known
        self.batch.work(self._shorten)

    def _shorten(self) -> None:
        if self._turn is not SOON or self._ending:
            return
        self._turn, known = None, self._known
        try:
            shortcut = known.shortcuts.get(self._peer)
            if shortcut is None or not shortcut.take(self):
                self._waiting.appendleft(self.turn_of(known))
                self.next()
        except Exception:  # noqa: BLE001 - the outermost boundary, as for a turn: one request's fault ends one connection
            _log.exception("a shortcut failed")
            self.cut()

    def _switch(self, scope: Message, rest: bytes) -> None:
        # Without an answer that is still owed, nothing could come between the handshake and its frames.
        if self._turn is not None or self._waiting or self._reception.draining:
            self._refusal = 503 if self._reception.draining else 400
            self.next()
            return
        self._reception.connections.discard(self)
        self._ending = True
        # An answer may wait for the end of this turn of the loop: the socket's own must not overtake it.
        self.send_now()
        self._parser = None
        socket = Socket(self._reception, self.transport, self._client[0] if self._client else "")
        socket.open(scope, rest)
