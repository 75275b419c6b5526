"""Response headers against each other."""

from __future__ import annotations

import pytest

from gateway.core.exchange import Headers, Response
from shadow.diff.headers import diff
from tests.shadow.cases import found_as, pair, request

GZIP = ("Accept-Encoding", "gzip, br;q=0.5")


def compared(ours: Headers, theirs: Headers, *sent: tuple[str, str]) -> list[str]:
    """Differences of two answers' headers."""
    legacy, gateway = Response(204, ours), Response(204, theirs)
    one = pair(legacy, gateway, asked=request("GET", "/items", *sent))
    return found_as(list(diff(one.legacy, legacy, one.gateway, gateway)))


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ((("A", "1"),), (("a", " 1 "),), []),
        ((("a", "1"),), (), ["header a missing"]),
        ((), (("a", "1"),), ["header a extra"]),
        ((("a", "1"),), (("a", "2"),), ["header a changed"]),
        ((("a", "1"), ("a", "2")), (("a", "1, 2"),), ["header a count"]),
        ((("a", "1"), ("a", "2")), (("a", "2"), ("a", "1")), ["header a order"]),
        ((("vary", "Origin, Accept"),), (("Vary", "accept"),), []),
        ((("vary", "Accept"),), (), ["header vary missing"]),
        ((), (("vary", "Cookie"),), ["header vary extra"]),
        ((("vary", "A"),), (("vary", "B"),), ["header vary changed"]),
        ((), (("content-encoding", "gzip"),), []),
        ((), (("content-encoding", "zstd"),), ["header content-encoding extra"]),
        ((("content-encoding", "zstd"),), (("content-encoding", "zstd"),), []),
    ],
)
def test_headers(ours: Headers, theirs: Headers, expected: list[str]) -> None:
    """Names without case, duplicates as lists, Vary as a set, only codings the client takes."""
    assert compared(ours, theirs, GZIP) == expected


def test_any_coding_is_welcome_to_a_star() -> None:
    """A client that takes everything takes every coding."""
    assert compared((), (("content-encoding", "zstd"),), ("Accept-Encoding", "*")) == []


def test_an_echo_that_is_lost_is_a_difference() -> None:
    """A request id that legacy returns and the gateway replaces is not the same; generated ones are."""
    sent = ("X-Request-ID", "mine")
    assert compared((("x-request-id", "mine"),), (("x-request-id", "other"),), sent) == [
        "header x-request-id changed"
    ]
    assert compared((("x-request-id", "a"),), (("x-request-id", "b"),)) == []
