"""Bodies against each other."""

from __future__ import annotations

import gzip

import pytest

from shadow.diff.body import Message, diff
from shadow.normalise.content import BODY_LIMIT
from tests.shadow.cases import found_as


def body(data: bytes, kind: str = "application/json", coding: str = "") -> Message:
    """Headers and body of one side."""
    return (("content-type", kind), *((("content-encoding", coding),) if coding else ())), data


HUGE = b"0" * (BODY_LIMIT + 1)


@pytest.mark.parametrize(
    ("legacy", "gateway", "expected"),
    [
        (body(b"{}"), body(b"{}"), []),
        (body(b"{}"), body(b"{ }"), []),
        (body(b"{}"), body(b"{}", "text/plain"), ["body content type"]),
        (body(b"{}"), body(b"", "text/plain"), ["body missing"]),
        (body(b""), body(b"{}"), ["body extra"]),
        (body(gzip.compress(b"{}"), coding="gzip"), body(b"{}"), []),
        (body(gzip.compress(b"{}"), coding="gzip"), body(b"{}", coding="gzip"), ["body content-encoding changed"]),
        (body(b"{}", coding="gzip"), body(b"[]", coding="gzip"), ["body $ type"]),
        (body(HUGE), body(HUGE + b"0"), ["body digest changed"]),
        (body(HUGE), body(b"0"), ["body digest changed"]),
        (body(HUGE), body(HUGE), []),
        (
            body(b"a=1&b=2", "application/x-www-form-urlencoded"),
            body(b"b=2&a=1", "application/x-www-form-urlencoded"),
            ["body order"],
        ),
        (
            body(b"data: 1\n\n", "text/event-stream"),
            body(b"data: 2\n\n", "text/event-stream"),
            ["stream events[0].data changed"],
        ),
        (body(b"a", "text/plain"), body(b"a", "text/plain; charset=utf-8"), []),
    ],
)
def test_by_content_type(legacy: Message, gateway: Message, expected: list[str]) -> None:
    """Each content type is compared in its own way; encodings are invisible unless they lie."""
    assert found_as(diff(legacy, gateway)) == expected
