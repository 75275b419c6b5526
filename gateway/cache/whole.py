"""Read an answer whole where it is small; hand it on as a stream where it is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.answer import Answer

if TYPE_CHECKING:
    from gateway.answer import Arriving

SMALL = 1 << 20
"""Bytes of an answer that are held so that it can serve more than one request."""


class Rest:
    """The beginning of a body that was read already, then what still arrives."""

    def __init__(self, pieces: list[bytes], arriving: Arriving) -> None:
        self._pieces = pieces
        self._arriving = arriving

    async def take(self) -> bytes:
        """The next piece, empty at the end."""
        return self._pieces.pop(0) if self._pieces else await self._arriving.take()

    def close(self) -> None:
        """Give the rest up."""
        self._arriving.close()


async def whole(answer: Answer) -> Answer:
    """The answer with its body as bytes and their Content-Length; with a stream that lost nothing when it is long.

    Raises:
        TransportError: the body broke off.
    """
    if isinstance(answer.body, bytes):
        return answer
    pieces, size = [], 0
    try:
        while piece := await answer.body.take():
            pieces.append(piece)
            size += len(piece)
            if size > SMALL:
                return Answer(answer.status, answer.headers, Rest(pieces, answer.body))
    except BaseException:
        answer.body.close()
        raise
    headers = tuple(pair for pair in answer.headers if pair[0].lower() != "content-length")
    return Answer(answer.status, (*headers, ("content-length", str(size))), b"".join(pieces))
