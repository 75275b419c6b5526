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
