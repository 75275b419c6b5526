"""Answer heads."""

from __future__ import annotations

import json

import pytest

from gateway.listen.head import head, problem


def test_head_is_status_and_lines() -> None:
    """Ready-made lines stand between the status and the empty line; unknown statuses have no phrase."""
    assert head(200, [b"a: b\r\n"], close=False) == b"HTTP/1.1 200 OK\r\na: b\r\n\r\n"
    assert head(299, [], close=True) == b"HTTP/1.1 299 \r\nconnection: close\r\n\r\n"


@pytest.mark.parametrize("line", [b"a: b\nc: d\r\n", b"a: b\rc\r\n", b"a: \0\r\n", b"a: b\r\nc: d\r\n", b"a: b"])
def test_line_that_holds_another_is_refused(line: bytes) -> None:
    """Nothing in a value can begin a header of its own."""
    with pytest.raises(ValueError, match="line end"):
        head(200, [line], close=False)


def test_problem_is_a_whole_answer() -> None:
    """A refusal is problem+json with its length, its id and a date."""
    headers, body = problem(431, "head-size", "Too large", "id-1")
    told = dict(headers)
    assert int(told[b"content-length"]) == len(body)
    assert (told[b"content-type"], told[b"x-request-id"]) == (b"application/problem+json", b"id-1")
    assert told[b"date"].endswith(b" GMT")
    document = json.loads(body)
    assert (document["status"], document["title"]) == (431, "Request Header Fields Too Large")
    assert (document["reason"], document["detail"], document["request_id"]) == ("head-size", "Too large", "id-1")
