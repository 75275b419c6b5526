"""Bodies too large to be kept: compared by length and running digest, never held."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.core.exchange import BodySum, Failure, header
from gateway.core.observation import DifferenceKind
from gateway.core.subject import fingerprint
from shadow.diff.found import Found
from shadow.normalise.content import codings

if TYPE_CHECKING:
    from gateway.core.exchange import Exchange, Response
    from shadow.pairing import Pair

LIMIT = 64 * 1024 * 1024
"""Bytes of a body beyond which not even its digest is made."""


class RunningSum:
    """The sum of a body that passes piece by piece; None once it is beyond the limit."""

    def __init__(self, start: bytes | bytearray = b"", limit: int = LIMIT) -> None:
        self._limit = limit
        self._hash = hashlib.sha256(start)
        self.length = len(start)

    def add(self, chunk: bytes) -> None:
        """The next piece."""
        self.length += len(chunk)
        if self.length <= self._limit:
            self._hash.update(chunk)

    @property
    def value(self) -> BodySum | None:
        """Length and digest of what passed."""
        return BodySum(self.length, self._hash.hexdigest()) if self.length <= self._limit else None


def summed(pair: Pair) -> bool:
    """Whether the body of a side was not kept."""
    return any(_sum(side) is not None for side in (pair.legacy, pair.gateway))


def incomparable(pair: Pair) -> bool:
    """Whether a body was not kept and the two are coded differently: then their digests say nothing."""
    both = pair.answers
    if both is None or not summed(pair) or both[0].status // 100 != both[1].status // 100:
        return False
    return codings(both[0].headers) != codings(both[1].headers)


def diff(pair: Pair, key: bytes) -> list[Found]:
    """Where two bodies differ of which one was not kept, and a length that is not true; digests are keyed.

    Answers whose statuses are of different kinds are other answers altogether: their bodies are not compared.
    """
    both = pair.answers
    if both is None or not summed(pair) or both[0].status // 100 != both[1].status // 100:
        return []
    found = []
    ours, theirs = (_whole(side) for side in both)
    if ours != theirs:
        found.append(Found("body", "digest", DifferenceKind.CHANGED, told(ours, key), told(theirs, key)))
    wrong = _length(both[1])
    if wrong and not _length(both[0]):
        found.append(Found("header", "content-length", DifferenceKind.CHANGED, "true", wrong))
    return found


def without_lengths(pair: Pair) -> Pair:
    """The pair as far as it is compared without its bodies, whose lengths are compared here."""
    return replace(pair, legacy=_bare(pair.legacy), gateway=_bare(pair.gateway)) if summed(pair) else pair


def told(body: BodySum, key: bytes) -> str:
    """A sum that may be stored."""
    return f"[{body.length} bytes, {fingerprint(key, body.sha256)}]"


def _sum(exchange: Exchange) -> BodySum | None:
    return None if isinstance(exchange.response, Failure) else exchange.response.sum


def _whole(response: Response) -> BodySum:
    return response.sum or BodySum(len(response.body), hashlib.sha256(response.body).hexdigest())


def _length(response: Response) -> str:
    announced, length = header(response.headers, "content-length"), _whole(response).length
    if announced is None or announced.strip() == str(length):
        return ""
    return f"content-length {announced:.20} for {length} bytes"


def _bare(exchange: Exchange) -> Exchange:
    if isinstance(exchange.response, Failure):
        return exchange
    kept = tuple(pair for pair in exchange.response.headers if pair[0].lower() != "content-length")
    return replace(exchange, response=replace(exchange.response, headers=kept, body=b""))
