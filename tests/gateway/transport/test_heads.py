"""Heads of responses that are remembered."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.transport.errors import Broken
from gateway.transport.heads import ENTRIES, LONGEST, MOST, Head, Heads
from gateway.transport.reading import Reading

PLAIN = b"HTTP/1.1 200 OK\r\nServer: a\r\nContent-Length: 5\r\n\r\nhello"
ODD = [
    PLAIN,
    b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nContent-Length: 4\r\n\r\n\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\n",
    b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
    b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno",
    b"HTTP/1.1 200 OK\r\n\r\nuntil the end",
    b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    b"no http\r\n\r\n",
    b"\r\n\r\n",
]


def _read(pieces: list[bytes], known: Heads, *, bodyless: bool = False) -> list[object]:
    reading = Reading(bodyless=bodyless, known=known)
    told: list[object] = []
    for _ in range(2):
        reading.begin(bodyless=bodyless)
        try:
            for piece in pieces:
                reading.feed(piece)
        except Broken:
            told.append("broken")
        taken = reading.take()
        told += [reading.head, taken, reading.complete, reading.reusable, reading.heard]
    return told


@pytest.mark.parametrize("bodyless", [False, True])
@pytest.mark.parametrize("data", ODD)
def test_memory_changes_nothing(data: bytes, bodyless: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """Whatever was remembered, on this connection or on another, the same bytes are read as without."""
    known = Heads()
    fresh = _read([data], Heads(), bodyless=bodyless)
    for _ in range(3):
        assert _read([data], known, bodyless=bodyless) == fresh
    for other in ODD:
        _read([other], known)
    assert _read([data], known, bodyless=bodyless) == fresh


@given(st.lists(st.integers(0, len(PLAIN)), max_size=4), st.sampled_from(ODD))
def test_cuts_do_not_matter(cuts: list[int], before: bytes) -> None:
    """A response in pieces is read whole beside what is remembered of others."""
    known = Heads()
    _read([before], known)
    _read([PLAIN], known)
    pieces = [PLAIN[start:end] for start, end in pairwise(sorted({0, *cuts, len(PLAIN)}))]
    whole = _read([PLAIN], Heads())
    assert _read(pieces, known) == whole


def test_only_what_one_length_delimits_is_remembered() -> None:
    """A kept connection, a body that Content-Length counts and that was there at once; no 5xx."""
    known = Heads()
    for data in ODD:
        _read([data], known)
    heads = [data[: data.find(b"\r\n\r\n") + 4] for data in ODD]
    assert [data[:30] for data, head in zip(ODD, heads, strict=True) if known.get(head)] == [
        PLAIN[:30],
        ODD[1][:30],
    ]
    told = known.get(heads[0])
    assert told is not None
    assert (told.length, told.head.headers) == (5, (("Server", "a"), ("Content-Length", "5")))


def test_another_length_of_body_is_read_anew() -> None:
    """Too little waits for the rest, too much spoils the connection: as the parser has it."""
    known = Heads()
    _read([PLAIN], known)
    assert _read([PLAIN[:-1], PLAIN[-1:]], known)[1] == b"hello"
    assert _read([PLAIN + b"x"], known)[2:4] == [True, False]


def test_memory_is_bounded() -> None:
    """Long heads are never kept, of short ones no more than the limit."""
    heads = Heads()
    for number in range(ENTRIES + 1):
        heads.put(b"%d" % number, Head(200, ()), 1)
    assert [heads.get(b"%d" % number) is not None for number in (0, ENTRIES - 1, ENTRIES)] == [False, False, True]
    heads.put(b"x" * (LONGEST + 1), Head(200, ()), 1)
    heads.put(b"many", Head(200, (("a", ""),) * (MOST + 1)), 1)
    assert (heads.get(b"x" * (LONGEST + 1)), heads.get(b"many")) == (None, None)
