"""Bodies as they are stored."""

from __future__ import annotations

import gzip
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.redaction import bodies
from shadow.redaction.secrets_seen import Seen
from shadow.redaction.tree import Tree

KEY = b"k" * 32
PARTS = (
    b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nsecret file\r\n'
    b'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nhunter2\r\n'
    b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n--b--\r\n'
)


def stored(kind: str, body: bytes, *, request: bool = False, coding: str = "") -> str:
    """The body as text."""
    headers = (("content-type", kind),) if kind else ()
    coded = (("content-encoding", coding),) if coding else ()
    return bodies.redacted((*headers, *coded), body, Tree(KEY, Seen()), KEY, request=request)


def test_json() -> None:
    """JSON is redacted by its members, also when it is packed or its label lies."""
    body = b'{"password":"x","a":1}'
    expected = '{"password":"[dropped]","a":1}'
    assert stored("application/json", body) == expected
    assert stored("application/json", gzip.compress(body), coding="gzip") == expected
    assert stored("application/json", body, coding="gzip") == expected
    assert stored("", body, request=True) == expected
    assert stored("text/plain", body, request=True) == expected


def test_forms_and_parts() -> None:
    """Fields go by their names, files are digests."""
    assert stored("application/x-www-form-urlencoded", b"a=1&password=x") == "a=1&password=[dropped]"
    lines = stored("multipart/form-data; boundary=b", PARTS).split("\n")
    assert lines[0].startswith("file (a.txt): [11 bytes, fp:")
    assert lines[1:] == ["password: [dropped]", "note: hi"]


def test_streams() -> None:
    """Each event is redacted by itself; what is no JSON is masked."""
    text = b'event: tick\ndata: {"delta":{"content":"Hi"}}\n\ndata: words\n\n: comment\ndata: [DONE]\n\n'
    assert stored("text/event-stream", text).split("\n") == [
        "event: tick",
        'data: {"delta":{"content":"[masked 2 chars]"}}',
        "",
        "data: [masked 5 chars]",
        "",
        "[masked 9 chars]",
        "data: [DONE]",
        "",
    ]


def test_a_stream_without_end_is_a_digest() -> None:
    """Beyond twenty thousand lines nobody looks through it, and nothing of it is kept."""
    assert stored("text/event-stream", b"data: hunter2\n\n" * 20_000).startswith("[300000 bytes, fp:")


def test_text() -> None:
    """Text of an answer is shown without secrets; text that a client sends may be anything."""
    assert stored("text/plain", b"Internal Server Error") == "Internal Server Error"
    assert stored("text/plain", b"my prompt", request=True).startswith("[9 bytes, fp:")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{broken"),
        ("application/octet-stream", b"\0\1"),
        ("multipart/form-data; boundary=b", b"no parts"),
        ("", b"anything"),
        ("application/json", b"[" + b"1," * 30_000 + b"1]"),
    ],
)
def test_what_cannot_be_read_is_a_digest(kind: str, body: bytes) -> None:
    """Length and digest stand for what is not of its type, or too much to look through."""
    assert stored(kind, body).startswith(f"[{len(body)} bytes, fp:")


def test_nothing_is_nothing() -> None:
    """An empty body is stored as an empty text."""
    assert stored("application/json", b"") == ""
    assert bodies.digest(b"", KEY) == ""


def test_long_bodies_are_folded() -> None:
    """A preview has a bounded length."""
    text = stored("application/json", json.dumps(["ab"] * 3000).encode())
    assert text.startswith('["ab"')
    assert text.endswith("more chars]")
    assert len(text) < bodies.PREVIEW + 40


@given(
    st.binary(max_size=200),
    st.sampled_from(["application/json", "text/event-stream", "text/html", "", "multipart/form-data; boundary=b"]),
)
def test_any_body_is_survived(body: bytes, kind: str) -> None:
    """No body raises."""
    assert isinstance(stored(kind, body), str)
