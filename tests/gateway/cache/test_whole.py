"""Reading an answer whole."""

from __future__ import annotations

import pytest

from gateway.answer import Answer
from gateway.cache.whole import SMALL, whole
from gateway.transport.errors import Broken


class Pieces:
    """A body in pieces, which may break."""

    def __init__(self, *pieces: bytes, breaks: bool = False) -> None:
        self.closed = False
        self._pieces = list(pieces)
        self._breaks = breaks

    async def take(self) -> bytes:
        """The next piece."""
        if not self._pieces and self._breaks:
            raise Broken("x")
        return self._pieces.pop(0) if self._pieces else b""

    def close(self) -> None:
        """Give up."""
        self.closed = True


async def test_small_answer_is_held() -> None:
    """The pieces become one body with its length."""
    answer = await whole(Answer(200, (("content-length", "9"), ("a", "b")), Pieces(b"x", b"y")))
    assert answer == Answer(200, (("a", "b"), ("content-length", "2")), b"xy")
    assert await whole(answer) is answer


async def test_long_answer_stays_a_stream_and_loses_nothing() -> None:
    """Beyond 1 MiB what was read already comes first, then the rest; closing reaches the service."""
    pieces = Pieces(b"a" * SMALL, b"b", b"c")
    answer = await whole(Answer(200, (), pieces))
    assert not isinstance(answer.body, bytes)
    assert [len(await answer.body.take()) for _ in range(4)] == [SMALL, 1, 1, 0]
    answer.body.close()
    assert pieces.closed


async def test_broken_answer_surfaces() -> None:
    """A body that breaks off is closed and raised, never handed on as if it were whole."""
    pieces = Pieces(b"x", breaks=True)
    with pytest.raises(Broken):
        await whole(Answer(200, (), pieces))
    assert pieces.closed
