"""Gateways and services that are right, and whose answers look different: nothing of this may be raised."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.answer import Answer
from gateway.core.exchange import header
from tests.apps.faulty_gateway import without
from tests.catalogue.answers import NOTES, PREFLIGHT
from tests.catalogue.defect import Noise, answering, body, headed, streaming, valued, with_body
from tests.catalogue.rig import Asked
from tests.catalogue.sends import SAVE, requesting
from tests.catalogue.streams import FEED
from tests.catalogue.writes import FORM, MULTIPART, UPLOAD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from gateway.core.exchange import Headers, Request
    from gateway.handle import Parts


class _Whole:
    """A body in pieces of seven bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    async def take(self) -> bytes:
        """The next seven."""
        piece, self._content = self._content[:7], self._content[7:]
        return piece

    def close(self) -> None:
        """Give the rest up."""
        self._content = b""


def _chunked(answer: Answer) -> Answer:
    assert isinstance(answer.body, bytes)
    return Answer(answer.status, without(answer.headers, "content-length"), _Whole(answer.body))


def _packed(answer: Answer) -> Answer:
    assert isinstance(answer.body, bytes)
    packed = with_body(answer, gzip.compress(answer.body, mtime=0))
    return replace(packed, headers=(*packed.headers, ("content-encoding", "gzip"), ("vary", "Accept-Encoding")))


def _respelled(content: bytes) -> bytes:
    return content.replace(b"100.0", b"1e2").replace(b"2.5", b"2.50").replace(b'"big":1', b'"big":1.0')


def _rewritten(content: bytes) -> bytes:
    return json.dumps(json.loads(content), sort_keys=True, indent=2).encode()


def _shuffled(headers: Headers) -> Headers:
    return tuple((name.title(), value) for name, value in sorted(headers, key=lambda pair: pair[0].lower() != "date"))


async def _in_other_pieces(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield b": hello\n\n"
    async for event in events:
        told = event.replace(b"data: ", b"data:").replace(b"\n", b"\r\n")
        for start in range(0, len(told), 5):
            yield told[start : start + 5]


def _other_boundary(request: Request) -> Request:
    content = request.body.replace(b"frontier", b"4c1f")
    headers = without(request.headers, "content-type", "content-length")
    own = (("content-type", MULTIPART[1].replace("frontier", "4c1f")), ("content-length", str(len(content))))
    return replace(request, body=content, headers=(*headers, *own))


def _spelled(change: Callable[[bytes], bytes]) -> Callable[[], Parts]:
    def right(request: Request) -> Request:
        content = change(request.body)
        headers = without(request.headers, "content-length")
        return replace(request, body=content, headers=(*headers, ("content-length", str(len(content)))))

    return requesting(right)


def _cookie(value: str) -> str:
    return value.replace("; HttpOnly; SameSite=Strict", "; samesite=STRICT; httponly")


def _unpacked(answer: Answer) -> Answer:
    assert isinstance(answer.body, bytes)
    if header(answer.headers, "content-encoding") != "gzip":
        return answer
    plain = with_body(answer, gzip.decompress(answer.body))
    return replace(plain, headers=without(plain.headers, "content-encoding"))


NOISE: tuple[Noise, ...] = (
    Noise("clock", "times made for each answer, declared as timestamps", Asked("notes", "GET", "/clock")),
    Noise("ids", "UUIDs made for each answer, one naming another, declared as such", Asked("notes", "GET", "/made")),
    Noise("tokens", "tokens issued for each answer, declared as JWTs", Asked("notes", "GET", "/session")),
    Noise(
        "addresses",
        "links that name the gateway's host, declared as URLs",
        Asked("notes", "GET", "/links"),
        parts=body(lambda content: content.replace(b"http://notes.internal:9000", b"https://gateway.example")),
    ),
    Noise(
        "gauge", "a measured number that never stands still, within its tolerance", Asked("notes", "GET", "/gauge")
    ),
    Noise("words", "a model that says something else each time, in other pieces", Asked("notes", "GET", "/said")),
    Noise(
        "heap-order",
        "a list without ORDER BY: a row moves between the two reads",
        Asked("notes", "GET", "/rows"),
        "inconclusive",
    ),
    Noise("race", "a value that changes between the two reads", Asked("notes", "GET", "/count"), "inconclusive"),
    Noise("floats", "numbers in another spelling", NOTES, parts=body(_respelled)),
    Noise("whitespace", "JSON indented, its members sorted, its texts escaped", NOTES, parts=body(_rewritten)),
    Noise(
        "compression",
        "an answer packed for a client that takes it",
        Asked("notes", "GET", "/notes", headers=(("Accept-Encoding", "gzip"),)),
        parts=answering(_packed),
    ),
    Noise(
        "unpacking",
        "a packed answer unpacked",
        Asked("notes", "GET", "/packed"),
        parts=answering(_unpacked),
    ),
    Noise("chunking", "an answer without its length, in pieces of seven bytes", NOTES, parts=answering(_chunked)),
    Noise(
        "event-pieces",
        "a stream in other pieces, with other line ends and a comment",
        FEED,
        parts=streaming(_in_other_pieces),
    ),
    Noise("header-case", "headers in another case and order", NOTES, parts=headed(_shuffled)),
    Noise(
        "cookie-spelling",
        "a cookie's attributes in another order and case",
        NOTES,
        parts=valued("set-cookie", _cookie),
    ),
    Noise("preflight-words", "a preflight allowed in other words", PREFLIGHT),
    Noise("boundary", "an upload with another boundary", UPLOAD, parts=requesting(_other_boundary)),
    Noise(
        "form-spelling",
        "a form in another percent-encoding",
        FORM,
        parts=_spelled(lambda content: content.replace(b"x+y", b"%78%20y")),
    ),
    Noise("rewritten-write", "a written document in another spelling", SAVE, parts=_spelled(_rewritten)),
    Noise(
        "trace",
        "a client's own request id and trace",
        Asked(
            "notes",
            "GET",
            "/notes",
            headers=(
                ("X-Request-ID", "page-1"),
                ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
            ),
        ),
    ),
)
