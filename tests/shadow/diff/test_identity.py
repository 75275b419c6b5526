"""Which member tells list items apart."""

from __future__ import annotations

from typing import Any

import pytest

from shadow.diff.found import Budget, DeadlineError
from shadow.diff.identity import declared, found, usable


@pytest.mark.parametrize(
    ("legacy", "gateway", "name"),
    [
        ([{"name": "a", "id": 1}], [{"name": "a", "id": 1}], "id"),
        ([{"name": "a", "pool_id": "x"}], [{"name": "b", "pool_id": "x"}], "pool_id"),
        ([{"name": "a"}], [{"name": "b"}], "name"),
        ([{"ip": "x", "n": 1}, {"ip": "y", "n": 2}], [{"ip": "y", "n": 1}, {"ip": "z", "n": 2}], "ip"),
        ([{"ip": "x"}, {"ip": "y"}], [{"ip": "a"}, {"ip": "b"}], None),
        ([{"n": 1}, {"n": 2}], [{"n": 1}, {"n": 2}], None),
        ([{"id": 1}, {"id": 1}], [{"id": 1}], None),
        ([{"id": 1}, {}], [{"id": 1}], None),
        ([{"id": True}], [{"id": True}], None),
        ([{"id": [1]}], [{"id": [1]}], None),
        ([1], [1], None),
        ([], [{"id": 1}], None),
        ([{"api_key": "a", "label": "x"}], [{"api_key": "a", "label": "x"}], "label"),
    ],
)
def test_found(legacy: list[Any], gateway: list[Any], name: str | None) -> None:
    """Ids come before names; other texts count when both lists share them; secrets never tell items apart."""
    assert found(legacy, gateway) == name


def test_declared() -> None:
    """A route declares identity by path; positions within it do not matter."""
    identity = {"$.items": "sku", "$.items[*].tags": "label"}
    assert declared(identity, "$.items") == "sku"
    assert declared(identity, "$.items[sku=4].tags") == "label"
    assert declared(identity, "$.other") is None


def test_usable_needs_every_item() -> None:
    """A list that holds anything but objects has no identity."""
    assert not usable("id", [{"id": 1}, 2])
    assert usable("id", [])


def test_a_member_may_be_left_out() -> None:
    """What is made for each answer tells nothing apart; the next one does."""
    rows = [{"id": "a", "name": "x"}, {"id": "b", "name": "y"}]
    assert found(rows, rows, without=frozenset({"id"})) == "name"


def test_looking_for_it_takes_no_longer_than_the_budget() -> None:
    """Thousands of names in thousands of items are given up."""
    wide = [{f"n{number}": 0 for number in range(400)}] * 2
    with pytest.raises(DeadlineError):
        found(wide, wide, Budget(seconds=0.0))
