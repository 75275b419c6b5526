"""Whether rewritten addresses lead through the gateway."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.observation import DifferenceKind
from shadow.classes.addresses import leaves_gateway, location_kept, untouched
from shadow.diff.found import Found
from tests.shadow.cases import answer, case, pair, request

PLAIN = case(pair(answer(), answer()))


def moved(legacy: Any, gateway: Any) -> Found:
    """A changed Location."""
    return Found("header", "location", DifferenceKind.CHANGED, legacy, gateway, ("location",))


@pytest.mark.parametrize(
    ("legacy", "gateway", "kept", "leaves"),
    [
        ("http://api.example:8000/items?a=1#f", "/api/v1/items?a=1#f", True, False),
        ("http://10.1.0.1:8000/items", "http://gw.example:8800/api/v1/items", True, False),
        ("http://api.example:8000/unknown", "/unknown", True, False),
        ("/items", "http://127.0.0.1:1/api/v1/items", False, True),
        ("/items", "http://api.example:8000/items", False, True),
        ("/items", None, False, True),
        (None, "/api/v1/items", False, False),
        ("http://out.example/", "http://out.example/", False, False),
    ],
)
def test_locations(legacy: Any, gateway: Any, kept: bool, leaves: bool) -> None:  # noqa: FBT001 - a table
    """A kept Location is the same place in gateway terms; one that leaves leads to a service's own address."""
    found = moved(legacy, gateway)
    assert (location_kept(found, PLAIN), leaves_gateway(found, PLAIN)) == (kept, leaves)


@pytest.mark.parametrize(("location", "count"), [("/items", 1), ("/unknown", 0), ("http://out.example/items", 0)])
def test_a_location_passed_as_it_is(location: str, count: int) -> None:
    """A service's own Location that is equal on both sides is wrong when a route stands for it."""
    one = pair(answer("", ("location", location)), answer("", ("location", location)))
    assert len(list(untouched(case(one)))) == count


def test_a_move_that_cannot_be_mapped_keeps_its_place() -> None:
    """A target that lacks what the gateway's path needs is looked for under its own path."""
    one = pair(answer(), answer(), asked=request("GET", "/find?name=a"))
    assert location_kept(moved("/find", "/find"), case(one))
