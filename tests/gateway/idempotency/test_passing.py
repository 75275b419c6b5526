from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from gateway.idempotency.keys import Kept, Keys
from gateway.idempotency.passing import Digested, Recorded, Replay, lasting

if TYPE_CHECKING:
    from collections.abc import Coroutine

KEYS = Keys(b"k" * 32)


class Pieces:
    """A body or an answer in pieces; an exception among them is raised, an event waited for."""

    def __init__(self, *pieces: bytes | Exception | asyncio.Event, kind: str = "application/json") -> None:
        self.length: int | None = None
        self.status = 201
        self.headers = (("Content-Type", kind),)
        self.closed = False
        self._pieces = list(pieces)

    async def take(self) -> bytes:
        """The next piece."""
        if self.closed or not self._pieces:
            return b""
        piece = self._pieces.pop(0)
        if isinstance(piece, asyncio.Event):
            await piece.wait()
            return await self.take()
        if isinstance(piece, Exception):
            raise piece
        return piece

    def close(self) -> None:
        """Give up."""
        self.closed = True


class Kept_:  # noqa: N801 - the double of a callback
    """What was kept, and what runs in the background."""

    def __init__(self) -> None:
        self.bodies: list[bytes | None] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def keep(self, body: bytes | None) -> None:
        """The callback of an answer's end."""
        self.bodies.append(body)

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run what nobody waits for."""
        self.tasks.append(asyncio.get_running_loop().create_task(work))

    def of(self, answer: Pieces, limit: int = 100) -> Recorded:
        """An answer recorded here."""
        return Recorded(answer, self.keep, limit, self.background)

    async def settled(self) -> list[bytes | None]:
        """What was kept once nothing runs any more."""
        await asyncio.gather(*self.tasks, return_exceptions=True)
        return self.bodies


async def drained(answer: Recorded) -> bytes:
    """Everything that passes."""
    pieces = []
    while piece := await answer.take():
        pieces.append(piece)
    return b"".join(pieces)


async def test_a_request_body_is_digested_as_it_passes() -> None:
    """The digest is there once the body has passed whole, and not before."""
    body, whole = Digested(Pieces(b"ab", b"c"), KEYS.body()), KEYS.body()
    whole.add(b"abc")
    assert await body.take() == b"ab"
    assert (body.complete, body.text) == (False, "")
    assert [await body.take(), await body.take()] == [b"c", b""]
    assert (body.complete, body.text) == (True, whole.text)


async def test_an_answer_passes_piece_by_piece_and_is_kept_at_its_end() -> None:
    """Status and headers are the service's."""
    kept = Kept_()
    answer = kept.of(Pieces(b"a", b"bc"))
    assert (answer.status, answer.headers) == (201, (("Content-Type", "application/json"),))
    assert await answer.take() == b"a"
    assert kept.bodies == []
    assert await drained(answer) == b"bc"
    assert kept.bodies == [b"abc"]
    answer.close()
    assert await answer.take() == b""
    assert await kept.settled() == [b"abc"]


async def test_an_answer_that_is_too_long_passes_and_is_not_kept() -> None:
    """Memory holds no more than the limit."""
    kept = Kept_()
    assert await drained(kept.of(Pieces(b"x" * 60, b"y" * 60, b"z"))) == b"x" * 60 + b"y" * 60 + b"z"
    assert kept.bodies == [None]


async def test_an_answer_that_breaks_off_is_not_kept() -> None:
    """The failure surfaces where it did before."""
    kept = Kept_()
    with pytest.raises(ConnectionError):
        await drained(kept.of(Pieces(b"a", ConnectionError())))
    assert kept.bodies == [None]


async def test_when_the_client_leaves_the_rest_is_read_all_the_same() -> None:
    """Closed between two pieces."""
    kept, answer = Kept_(), Pieces(b"a", b"b", b"c")
    recorded = kept.of(answer)
    await recorded.take()
    recorded.close()
    assert await recorded.take() == b""
    assert await kept.settled() == [b"abc"]


async def test_when_the_client_leaves_while_a_piece_is_waited_for_the_rest_is_read() -> None:
    """Closed by whoever watches the client, while another takes."""
    kept, more = Kept_(), asyncio.Event()
    recorded = kept.of(Pieces(b"a", more, b"b", b"c"))
    await recorded.take()
    waiting = asyncio.create_task(recorded.take())
    await asyncio.sleep(0)
    recorded.close()
    more.set()
    await waiting
    assert await recorded.take() == b""
    assert await kept.settled() == [b"abc"]


async def test_what_is_read_for_nobody_is_bounded() -> None:
    """Beyond the limit the service's side is given up."""
    kept, answer = Kept_(), Pieces(*[b"x" * 60] * 100)
    recorded = kept.of(answer)
    recorded.close()
    assert await kept.settled() == [None]
    assert answer.closed


async def test_an_event_stream_ends_with_its_client() -> None:
    """It costs as long as it runs; what was cut off is not kept."""
    for waits in (True, False):
        kept, more = Kept_(), asyncio.Event()
        answer = Pieces(b"data: 1\n\n", more, b"data: 2\n\n", kind="text/event-stream; charset=utf-8")
        recorded = kept.of(answer)
        await recorded.take()
        waiting = asyncio.create_task(recorded.take()) if waits else None
        await asyncio.sleep(0)
        recorded.close()
        assert answer.closed
        more.set()
        if waiting:
            await waiting
        assert await kept.settled() == [None]


async def test_an_event_stream_that_ends_by_itself_is_kept() -> None:
    """Its events are given again at once."""
    kept = Kept_()
    await drained(kept.of(Pieces(b"data: 1\n\n", kind="text/event-stream")))
    assert kept.bodies == [b"data: 1\n\n"]


async def test_whoever_takes_may_be_cancelled() -> None:
    """The end is written down in the background."""
    kept = Kept_()
    recorded = kept.of(Pieces(b"a", asyncio.Event()))
    await recorded.take()
    task = asyncio.create_task(recorded.take())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await kept.settled() == [None]


async def test_a_kept_answer_is_taken_like_one_that_arrives() -> None:
    """Once, whole; nothing after it was closed."""
    replay = Replay(Kept(201, (("a", "b"),), b"body"))
    assert (replay.status, replay.headers) == (201, (("a", "b"),))
    assert [await replay.take(), await replay.take()] == [b"body", b""]
    closed = Replay(Kept(201, (), b"body"))
    closed.close()
    assert await closed.take() == b""


def test_what_lasts_of_an_answer() -> None:
    """End-to-end headers in order, with the length of what is kept; no cookie, nothing of the hop."""
    headers = (
        ("Date", "Sun, 22 Nov 2026 18:00:00 GMT"),
        ("Connection", "close, X-Hop"),
        ("X-Hop", "1"),
        ("Set-Cookie", "session=secret"),
        ("Transfer-Encoding", "chunked"),
        ("X-Multi", "1"),
        ("x-multi", "2"),
    )
    assert lasting(201, headers, b"abc", "svc:1") == Kept(
        201, (headers[0], headers[5], headers[6], ("content-length", "3")), b"abc"
    )
    assert lasting(204, (), b"", "svc:1") == Kept(204, (), b"")
    assert lasting(200, (("Content-Length", "9"),), None, "svc:1") == Kept(200, (), None)


@pytest.mark.parametrize(
    ("location", "kept"),
    [
        ("http://svc:1/things/7?a=1", "/things/7?a=1"),
        ("https://svc:1/things/7", "/things/7"),
        ("http://svc:1//evil.example/", "/evil.example/"),
        ("/things/7", "/things/7"),
        ("http://svc:10/things/7", "http://svc:10/things/7"),
        ("http://svc:1.evil.example/", "http://svc:1.evil.example/"),
        ("http://svc:1", "http://svc:1"),
    ],
)
def test_a_location_loses_the_host_it_was_asked_under(location: str, kept: str) -> None:
    """It is good on the other path too; other hosts' stay."""
    assert lasting(201, (("Location", location),), b"", "svc:1").headers[0] == ("Location", kept)
    assert lasting(201, (("Location", location),), b"", "").headers[0] == ("Location", location)
