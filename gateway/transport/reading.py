"""One HTTP/1.1 response, from bytes to head and body; no I/O."""

from __future__ import annotations

from typing import Any

import httptools

from gateway.transport.errors import Broken
from gateway.transport.heads import END, Head, Heads

HEAD_LIMIT = 1 << 18
_LENGTH, _CODING = len("content-length"), len("transfer-encoding")
_FINAL = 200
_LAST = 599
_SWITCHING = 101
_FAILED = 500
_BODYLESS = frozenset({204, 304})


class Reading:
    """Feed it bytes; `head` appears, then `take` the body until `complete`.

    With `bodyless` (the answer to HEAD) the head is the whole. Informational responses and trailers are dropped.
    One reading serves a connection: `begin` again for each response, as long as it is `reusable`. `known` are heads
    that came before, on this connection or on others.
    """

    def __init__(self, *, bodyless: bool, known: Heads | None = None) -> None:
        self._parser: Any = httptools.HttpResponseParser(self)
        self._known = known or Heads()
        self.begin(bodyless=bodyless)

    def begin(self, *, bodyless: bool) -> None:
        """Expect a new response."""
        self.head: Head | None = None
        self.complete = False
        self.heard = False
        self.buffered = 0
        self._bodyless = bodyless
        self._fields: list[tuple[bytes, bytes]] = []
        self._size = 0
        self._chunks: list[bytes] = []
        self._length = -1
        self._framed = False
        self._keep = False

    def drop(self) -> None:
        """Read nothing any more."""
        # It holds our methods: without it nothing is left for the garbage collector.
        self._parser = None

    def feed(self, data: bytes) -> None:
        """Take bytes in.

        Raises:
            Broken: they are no HTTP, or the head is endless.
        """
        first, self.heard = not self.heard, True
        if self._parser is None or self.complete:
            self._keep = False
            return
        if first and not self._bodyless:
            end = data.find(END) + len(END)
            if self._recalled(data, end):
                return
            self._parse(data)
            self._remember(data, end)
        else:
            self._parse(data)

    def _recalled(self, data: bytes, end: int) -> bool:
        # The same bytes before a whole body: the parser would say the same of them, and be where it was.
        known = self._known.get(data[:end])
        if known is None or len(data) - end != known.length:
            return False
        self.head, self._length = known.head, known.length
        self.complete = self._framed = self._keep = True
        if known.length:
            self._chunks.append(data[end:])
            self.buffered = known.length
        return True

    def _remember(self, data: bytes, end: int) -> None:
        whole = self.complete and self._keep and self._length == len(data) - end
        if whole and self.head is not None and self.head.status < _FAILED and self.head.status not in _BODYLESS:
            self._known.put(data[:end], self.head, self._length)

    def _parse(self, data: bytes) -> None:
        if self.head is None:
            self._size += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._keep = False
            if not self.complete:
                raise Broken(f"no valid HTTP response: {error}") from None
        if self.head is None and self._size > HEAD_LIMIT:
            raise Broken("the response head is too large")
        self._settle()

    def end(self) -> None:
        """The service sends no more: that completes a body which nothing else delimits (RFC 9112 §6.3)."""
        if self.head is not None and not self._framed:
            self.complete = True

    def take(self) -> bytes:
        """What has arrived of the body since the last call."""
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self.buffered = 0
        return data

    @property
    def reusable(self) -> bool:
        """Whether the connection may carry another request: complete, kept alive, nothing left over.

        A service that failed may close without saying so, hence never after a 5xx.
        """
        taken = self.complete and not self._chunks and not self._bodyless
        return taken and self._keep and self.head is not None and self.head.status < _FAILED

    def _settle(self) -> None:
        if self.complete and not self._keep:
            self.drop()

    def _chunked(self) -> bool:
        # RFC 9112 §6.1: we name no coding in TE, so chunked alone may come; identity is what RFC 2616 called none.
        values = (value for name, value in self._fields if name.lower() == b"transfer-encoding")
        codings = [coding.strip().lower() for value in values for coding in value.split(b",")]
        if codings not in ([b"chunked"], [b"identity"]):
            raise ValueError("its transfer coding was not asked for")
        return codings == [b"chunked"]

    # Called by httptools.

    def on_message_begin(self) -> None:
        """See httptools."""
        if self.complete:
            self._keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """See httptools."""
        if self.head is None:
            self._fields.append((name, value))
        else:
            self._size += len(name) + len(value)
            if self._size > HEAD_LIMIT:
                raise ValueError("the trailers are too large")

    def on_headers_complete(self) -> None:
        """See httptools."""
        status = self._parser.get_status_code()
        if status == _SWITCHING or status > _LAST:
            raise ValueError(f"status {status} was not to be expected")
        if self.complete or status < _FINAL:
            return
        if self._size > HEAD_LIMIT:
            # It counts what came with the head, too.
            self._size = sum(len(name) + len(value) for name, value in self._fields)
            if self._size > HEAD_LIMIT:
                raise ValueError("the response head is too large")
        self._framed, coded = status in _BODYLESS, False
        for name, value in self._fields:
            # Most names have another length, and lowering every one costs more than looking at it.
            if len(name) == _LENGTH and name.lower() == b"content-length":
                self._framed, self._length = True, int(value)
            elif len(name) == _CODING and name.lower() == b"transfer-encoding":
                self._framed, coded = self._chunked() or self._framed, True
        if coded:
            self._length = -1
        self._keep = self._parser.should_keep_alive()
        pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self._fields]
        self.head = Head(status, tuple(pairs))
        self.complete = self._bodyless

    def on_body(self, body: bytes) -> None:
        """See httptools."""
        if not self.complete:
            self._chunks.append(body)
            self.buffered += len(body)

    def on_message_complete(self) -> None:
        """See httptools."""
        if self.head is None:
            self._fields.clear()
        else:
            self.complete = True
