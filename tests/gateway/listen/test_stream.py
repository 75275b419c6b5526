"""One request on a stream; what stands on the wire is tested in test_http2.py."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from gateway.listen.stream import Stream

if TYPE_CHECKING:
    from h2.errors import ErrorCodes

    Pairs = list[tuple[bytes, bytes]]


class Sent:
    """A connection that notes what is sent, and allows `room` bytes."""

    def __init__(self, room: int = 100) -> None:
        self.loop = asyncio.get_running_loop()
        self.stuck: Any = None
        self.extra = ((b"x-extra", b"1"),)
        self.left = room
        self.frames: list[Any] = []

    async def room(self) -> None:
        """Never waits."""

    def head(self, _stream: Stream, headers: Pairs, *, last: bool) -> None:
        """Note."""
        self.frames.append((dict(headers), last))

    def data(self, _stream: Stream, data: bytes | memoryview, *, last: bool) -> int:
        """Note what fits."""
        size = min(self.left, len(data))
        self.left -= size
        self.frames.append((bytes(data[:size]), last and size == len(data)))
        return size

    def flush(self) -> None:
        """Nothing to do."""

    def took(self, _stream: Stream, size: int) -> None:
        """Note."""
        self.frames.append(size)

    def reset(self, _stream: Stream, code: ErrorCodes) -> None:
        """Note."""
        self.frames.append(code)

    def refuse(self, status: int, reason: str) -> str:
        """Note."""
        self.frames.append((status, reason))
        return "id"

    def answered(self, _stream: Stream) -> None:
        """Note."""
        self.frames.append("answered")


async def test_whole_answer_is_head_and_data() -> None:
    """Own headers stand beside the application's, and those HTTP/2 does not know are left out."""
    sent = Sent()
    stream = Stream(sent, 1, {"method": "GET"}, expects=False)
    headers = [(b"a", b"b"), (b"connection", b"close"), (b"transfer-encoding", b"chunked")]
    await stream.send({"type": "http.response.start", "status": 200, "headers": headers})
    await stream.send({"type": "http.response.body", "body": b"hi"})
    head = ({b":status": b"200", b"a": b"b", b"x-extra": b"1"}, False)
    assert sent.frames == [head, (b"hi", True), "answered"]
    with pytest.raises(RuntimeError):
        await stream.send({"type": "http.response.body"})


async def test_answer_goes_on_where_the_window_stopped_it() -> None:
    """What does not fit waits for the window, and nothing is sent twice."""
    sent = Sent(room=3)
    stream = Stream(sent, 1, {"method": "GET"}, expects=False)
    await stream.send({"type": "http.response.start", "status": 200, "headers": []})
    sending = asyncio.create_task(stream.send({"type": "http.response.body", "body": b"hello"}))
    await asyncio.sleep(0)
    assert stream.waits
    assert not sending.done()
    sent.left = 100
    stream.opened()
    await sending
    assert sent.frames[1:] == [(b"hel", False), (b"lo", True), "answered"]


async def test_line_end_in_a_header_is_a_fault() -> None:
    """Nothing in a value can become a header behind an HTTP/1.1 hop."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b\r\nc: d")]})

    sent = Sent(room=1000)
    await Stream(sent, 1, {"method": "GET"}, expects=False).run(app)
    assert sent.frames[0] == (500, "fault")
    assert sent.frames[1][0][b":status"] == b"500"


async def test_whole_answer_is_a_head_and_its_data() -> None:
    """A whole answer goes out as the messages would."""
    sent = Sent()
    stream = Stream(sent, 1, {"type": "http", "method": "GET", "headers": []}, expects=False)
    await stream.answer(200, (("A", "\xff"), ("Content-Length", "2")), b"ok")
    (head, _), data, *_ = sent.frames
    assert head == {b":status": b"200", b"a": b"\xff", b"content-length": b"2", b"x-extra": b"1"}
    assert data == (b"ok", True)
