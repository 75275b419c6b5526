"""Reading a response, byte by byte."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transport.errors import Broken
from gateway.transport.reading import Reading

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: 1\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"


@given(st.lists(st.integers(0, len(CHUNKED)), max_size=8))
def test_cuts_in_the_stream_do_not_matter(cuts: list[int]) -> None:
    """However the bytes are cut, the same response comes out."""
    reading, body = Reading(bodyless=False), b""
    for start, end in pairwise(sorted({0, *cuts, len(CHUNKED)})):
        reading.feed(CHUNKED[start:end])
        body += reading.take()
    assert (body, reading.complete, reading.reusable) == (b"hello world", True, True)
    assert reading.head is not None
    assert reading.head.headers == (("Transfer-Encoding", "chunked"), ("A", "1"))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_broken(data: bytes) -> None:
    """No input does anything but become a response or be Broken."""
    reading = Reading(bodyless=False)
    try:
        reading.feed(data)
    except Broken:
        assert not reading.complete


def test_one_reading_serves_a_connection() -> None:
    """Begun again, nothing of the last response is left; what was dropped reads nothing."""
    reading = Reading(bodyless=False)
    for body in (b"hello", b"again"):
        reading.begin(bodyless=False)
        assert (reading.head, reading.complete, reading.heard, reading.reusable) == (None, False, False, False)
        reading.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: %s\r\n\r\n" % body)
        reading.feed(b"5\r\n%s\r\n0\r\n\r\n" % body)
        assert (reading.take(), reading.complete, reading.reusable) == (body, True, True)
        assert reading.head is not None
        assert reading.head.headers[1] == ("A", body.decode())
    reading.drop()
    reading.begin(bodyless=False)
    reading.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    assert (reading.head, reading.reusable) == (None, False)


@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 200 OK\r\nX: ", *[b"a" * 10_000] * 30],
        [b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000 + b"\r\nContent-Length: 0\r\n\r\n"],
        [b"HTTP/1.1 100 Continue\r\nX: a\r\n\r\n" * 20_000],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", *[b"X: %s\r\n" % (b"a" * 10_000)] * 30],
    ],
    ids=["head in pieces", "head at once", "informational", "trailers"],
)
def test_nothing_but_a_body_is_endless(pieces: list[bytes]) -> None:
    """Heads, informational responses and trailers beyond the limit are broken."""
    reading = Reading(bodyless=False)

    def feed() -> None:
        for piece in pieces:
            reading.feed(piece)

    with pytest.raises(Broken):
        feed()


def test_a_long_body_with_its_head_is_no_long_head() -> None:
    """What comes with the head is counted for what it is."""
    reading = Reading(bodyless=False)
    reading.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 600000\r\n\r\n" + b"x" * 600_000)
    assert (len(reading.take()), reading.complete) == (600_000, True)


def test_end_completes_only_what_nothing_else_delimits() -> None:
    """The end of the connection completes a body without a length, and no other."""
    bare, long = Reading(bodyless=False), Reading(bodyless=False)
    bare.feed(b"HTTP/1.1 200 OK\r\n\r\nx")
    long.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx")
    early = Reading(bodyless=False)
    for reading in (bare, long, early):
        reading.end()
    assert (bare.complete, long.complete, early.complete) == (True, False, False)
    assert not bare.reusable


def test_bytes_after_the_end_spoil_the_connection() -> None:
    """What follows a complete response belongs to nobody; the connection is not used again."""
    for more in ((b"x",), (b"HTTP/1.1 200 OK\r\n",)):
        reading = Reading(bodyless=False)
        reading.feed(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        assert reading.reusable
        reading.feed(*more)
        assert (reading.complete, reading.reusable) == (True, False)


@pytest.mark.parametrize("status", [101, 600, 999])
def test_impossible_statuses_are_broken(status: int) -> None:
    """We never ask to switch protocols, and statuses end at 599."""
    with pytest.raises(Broken):
        Reading(bodyless=False).feed(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status)


@pytest.mark.parametrize(
    "value", [b"gzip, chunked", b"gzip", b"chunked, identity", b"chunked\r\nTransfer-Encoding: chunked"]
)
def test_transfer_codings_that_were_not_asked_for_are_broken(value: bytes) -> None:
    """A body in a coding that nobody could undo further on is no answer (RFC 9112 §6.1)."""
    with pytest.raises(Broken):
        Reading(bodyless=False).feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: %s\r\n\r\n0\r\n\r\n" % value)


def test_identity_is_no_coding() -> None:
    """`Transfer-Encoding: identity` of an old service means a body that the end of the connection delimits."""
    reading = Reading(bodyless=False)
    reading.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nhello")
    assert not reading.complete
    reading.end()
    assert (reading.take(), reading.complete, reading.reusable) == (b"hello", True, False)
