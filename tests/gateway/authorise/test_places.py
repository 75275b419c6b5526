from __future__ import annotations

import pytest

from gateway.authorise.places import holds_only, values
from gateway.core.exchange import Request
from gateway.core.table import Matched
from tests.apps.table import place, route

ITEM = route("a", "compute", "POST /a/{id}", "POST /a/{id}")


def found(where: str, target: str = "/a/x", body: bytes = b"", **parameters: str) -> list[object]:
    """What stands in a place."""
    assert ITEM.gateway is not None
    return values(place(where), Matched(ITEM, ITEM.gateway, parameters), Request("POST", target, body=body))


def test_values_are_decoded() -> None:
    """As the service will read them."""
    assert found("path.id", id="a%2Db") == ["a-b"]
    assert found("query.o", "/a?o=a+b&x=1&%6F=c%26") == ["a b", "c&"]
    assert found("body.o", body=b'{"o": "\\u0061"}') == ["a"]


def test_what_comes_twice_counts_twice() -> None:
    """Services differ in which one they take; only members at the top count."""
    assert found("query.o", "/a?o=1&o=2") == ["1", "2"]
    assert found("body.o", body=b'{"o":1,"x":{"o":3},"o":2}') == [1, 2]


@pytest.mark.parametrize(
    "query",
    ["o=1&O=2", "o=1&o[]=2", "o=1&O[x]=2", "a=b;o=2&o=1", "a=b;O=2&o=1", "o=1&%00o=2", "o=1&+o=2", "o[0]=2&o=1"],
)
def test_a_name_that_a_lenient_service_takes_for_the_same_counts_too(query: str) -> None:
    """So that nobody names another organisation beside the own one; alone, such a name is not the name."""
    assert found("query.o", f"/a?{query}") == ["1", "2"]
    assert found("query.o", "/a?O=1&o[]=1&x;o=1") == []


def test_members_in_another_case_count_too() -> None:
    """Go's decoder folds names."""
    assert found("body.o", body=b'{"O":2,"o":1,"x":{"O":3}}') == [2, 1]
    assert found("body.org_key", body='{"org_key":1,"org_\u212aey":2}'.encode()) == [1, 2]
    assert found("body.o", body=b'{"O":2}') == []


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        (("Content-Type", "application/json"), True),
        (("content-type", "Application/JSON; charset=UTF-8"), True),
        (("Content-Type", 'application/vnd.x+json;charset="utf-8"'), True),
        (("Content-Type", "text/plain;charset=UTF-8"), True),
        (("Content-Encoding", "identity"), True),
        (("Content-Type", "application/x-www-form-urlencoded"), False),
        (("Content-Type", "multipart/form-data; boundary=x"), False),
        (("Content-Type", "application/yaml"), False),
        (("Content-Type", "application/json; charset=utf-7"), False),
        (("Content-Type", "application/json; a=b; Charset = 'utf-16le'"), False),
        (("Content-Encoding", "deflate"), False),
    ],
)
def test_a_body_that_calls_itself_otherwise_holds_nothing(header: tuple[str, str], holds: bool) -> None:  # noqa: FBT001 - a case
    """`{"a":"&o=2&b=","o":"1"}` is a form, too, and UTF-7 hides members: what the service reads is not known."""
    assert ITEM.gateway is not None
    request = Request("POST", "/a/x", (header,), b'{"a":"&o=2&b=","o":"1"}')
    assert values(place("body.o"), Matched(ITEM, ITEM.gateway, {}), request) == (["1"] if holds else [])


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b'[{"o":1}]', b"[" * 100_000])
def test_an_absent_place_holds_nothing(body: bytes) -> None:
    """Whatever the body is instead."""
    assert found("body.o", body=body) == []
    assert found("path.other", id="x") == []
    assert found("query.o") == []


@pytest.mark.parametrize(
    ("query", "wanted", "holds"),
    [("o=1", "1", True), ("o=1&o=1", "1", True), ("o=1&o=2", "1", False), ("x=1", "1", False), ("o=", "", False)],
)
def test_only_what_is_wanted_may_stand_there(query: str, wanted: str, holds: bool) -> None:  # noqa: FBT001 - a case
    """And who is nobody wants nothing."""
    assert ITEM.gateway is not None
    request = Request("POST", f"/a/x?{query}")
    assert holds_only(place("query.o"), wanted, Matched(ITEM, ITEM.gateway, {}), request) is holds
