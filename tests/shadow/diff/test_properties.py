"""What holds for every content type."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.exchange import Response
from gateway.core.observation import Difference
from shadow.diff import body, cookies, headers
from shadow.diff.exchanges import answers
from shadow.diff.found import Budget, Found, swapped
from shadow.normalise.cookies import cookies as parsed
from shadow.normalise.events import Event, events
from shadow.normalise.multipart import parse as parts_of
from tests.shadow.cases import pair
from tests.shadow.normalise.test_json_value import VALUES

if TYPE_CHECKING:
    from gateway.core.exchange import Headers

WORDS = st.text("abcé &=+%\"'", max_size=5)
NAMES = st.sampled_from(["a", "b", "c"])
PAIRS = st.lists(st.tuples(NAMES, WORDS), max_size=5)
EVENTS = st.lists(st.sampled_from(["1", "two", '{"a":1}', '{"a":[{"id":1}]}', '{"error":1}', "[DONE]"]), max_size=6)


def typed(value: str) -> Headers:
    """A head with a content type."""
    return (("content-type", value),)


def sse(data: list[str]) -> bytes:
    """A stream of these events."""
    return "".join(f"data: {one}\n\n" for one in data).encode()


def multipart(pairs: list[tuple[str, str]]) -> bytes:
    """A form of these parts."""
    head = '--frontier\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    return ("".join(head.format(*one) for one in pairs) + "--frontier--\r\n").encode()


BODIES = st.one_of(
    VALUES.map(lambda value: (typed("application/json"), json.dumps(value).encode())),
    EVENTS.map(lambda data: (typed("text/event-stream"), sse(data))),
    PAIRS.map(lambda pairs: (typed("application/x-www-form-urlencoded"), urlencode(pairs).encode())),
    PAIRS.map(lambda pairs: (typed("multipart/form-data; boundary=frontier"), multipart(pairs))),
    WORDS.map(lambda text: (typed("text/plain; charset=utf-8"), text.encode())),
    st.binary().map(lambda data: (typed("application/octet-stream"), data)),
    st.binary().map(lambda data: (typed("application/json"), data)),
    st.binary().map(lambda data: (typed("text/event-stream"), data)),
)


@given(BODIES)
@settings(deadline=None)
def test_nothing_differs_from_itself(message: body.Message) -> None:
    """diff(x, x) is empty for every content type, and compression on one side is invisible."""
    assert body.diff(message, message) == []
    if message[1]:
        packed = ((*message[0], ("content-encoding", "gzip")), gzip.compress(message[1], mtime=0))
        assert body.diff(message, packed) == []
        assert body.diff(packed, message) == []


@given(st.lists(st.tuples(st.sampled_from(["date", "x-a", "set-cookie", "etag", "vary", "location"]), WORDS)))
@settings(deadline=None)
def test_no_answer_differs_from_itself(head: list[tuple[str, str]]) -> None:
    """Whatever its headers are."""
    same = Response(200, tuple(head), b"x")
    assert answers(pair(same, same), Budget()) == []


def seen(found: list[Found]) -> list[tuple[str, str, str]]:
    """Differences without their values."""
    return sorted((one.location, one.path, str(one.kind)) for one in found)


def turned(found: list[Found]) -> list[tuple[str, str, str]]:
    """Differences as the other side sees them."""
    return sorted((one.location, one.path, str(swapped(one.kind))) for one in found)


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=frontier"])
@given(PAIRS, PAIRS)
@settings(deadline=None)
def test_forms_are_symmetric(kind: str, one: list[tuple[str, str]], other: list[tuple[str, str]]) -> None:
    """Seen from the other side, missing is extra, and every other kind is the same."""
    make: Any = multipart if kind.startswith("multipart") else lambda pairs: urlencode(pairs).encode()
    left, right = (typed(kind), make(one)), (typed(kind), make(other))
    assert turned(body.diff(left, right)) == seen(body.diff(right, left))


@given(EVENTS, st.integers(0, 6), st.sampled_from(["1", "other", '{"a":2}']))
@settings(deadline=None)
def test_streams_are_symmetric(data: list[str], at: int, more: str) -> None:
    """What one side has beside the other's events is extra from here and missing from there."""
    longer = [*data[:at], more, *data[at:]]
    left, right = (typed("text/event-stream"), sse(data)), (typed("text/event-stream"), sse(longer))
    there, back = body.diff(left, right), body.diff(right, left)
    assert [kind for *_, kind in turned(there)] == [kind for *_, kind in seen(back)]
    assert len(there) == len(back) > 0


@given(PAIRS, PAIRS)
@settings(deadline=None)
def test_heads_are_symmetric(one: list[tuple[str, str]], other: list[tuple[str, str]]) -> None:
    """Headers and cookies, too."""
    for name, diff in (("x-{}", _headers), ("set-cookie", cookies.diff)):
        left, right = (_head(name, pairs) for pairs in (one, other))
        assert turned(list(diff(left, right))) == seen(list(diff(right, left)))


def _head(name: str, pairs: list[tuple[str, str]]) -> Headers:
    return tuple((name.format(key), f"{key}={value}" if name == "set-cookie" else value) for key, value in pairs)


def _headers(legacy: Headers, gateway: Headers) -> list[Found]:
    one = pair(Response(200, legacy), Response(200, gateway))
    both = one.answers
    assert both is not None
    return list(headers.diff(one.legacy, both[0], one.gateway, both[1]))


@given(st.integers(0, 3), st.tuples(WORDS, WORDS), st.tuples(WORDS, WORDS))
@settings(deadline=None)
def test_signatures_do_not_depend_on_values(at: int, one: tuple[str, str], other: tuple[str, str]) -> None:
    """One kind of difference at one place has one signature, in forms and streams, whatever stands there."""
    signatures = set()
    for ours, theirs in (one, other):
        if ours == theirs:
            continue
        form = [
            (typed("application/x-www-form-urlencoded"), urlencode({"a": text}).encode()) for text in (ours, theirs)
        ]
        events_ = [["1"] * at + [json.dumps({"a": text})] for text in (ours, theirs)]
        streams = [(typed("text/event-stream"), sse(data)) for data in events_]
        signatures |= {
            Difference(found.location, found.path, found.kind).signature("r")
            for left, right in (form, streams)
            for found in body.diff(left, right)
        }
    assert len(signatures) in {0, 2}


@given(EVENTS)
@settings(deadline=None)
def test_reading_a_stream_is_idempotent(data: list[str]) -> None:
    """A stream written anew from its events has the same events."""
    found = events(sse(data).decode())
    assert events("".join(_written(one) for one in found)) == found


def _written(event: Event) -> str:
    lines = "\n".join(f"data: {line}" for line in event.data.split("\n"))
    return f"event: {event.type}\nid: {event.id}\n{lines}\n\n" if event.id else f"event: {event.type}\n{lines}\n\n"


@given(PAIRS)
@settings(deadline=None)
def test_reading_parts_and_cookies_is_idempotent(pairs: list[tuple[str, str]]) -> None:
    """What was read, written anew, reads the same."""
    parts = parts_of(multipart(pairs), "frontier")
    assert parts is not None
    assert parts_of(multipart([(part.name, part.data.decode()) for part in parts]), "frontier") == parts
    found = parsed(_head("set-cookie", pairs))
    assert parsed(tuple(("set-cookie", f"{one.name}={one.value}") for one in found)) == found
