"""Which left-over list items belong together."""

from __future__ import annotations

from shadow.diff.alignment import aligned
from shadow.diff.found import Budget

NEAR = {0: {"a": 1, "b": 2, "c": 3}, 1: {"x": 1, "y": 2, "z": 3}}
FAR = {3: {"x": 1, "y": 2, "z": 9}, 5: {"a": 1, "b": 2, "c": 9}}


def test_similar_objects_are_paired() -> None:
    """Objects are paired by what they have in common, whatever their order."""
    assert sorted(aligned(NEAR, FAR, Budget())) == [(0, 5), (1, 3)]


def test_without_time_order_decides() -> None:
    """When there is no time to search, items are paired in order."""
    assert aligned(NEAR, FAR, Budget(0.0)) == [(0, 3), (1, 5)]


def test_one_against_one_needs_no_search() -> None:
    """The only two left are a pair; one side alone is missing or extra."""
    assert aligned({4: "a"}, {7: {"b": 1}}, Budget()) == [(4, 7)]
    assert aligned({4: "a", 5: "b"}, {}, Budget()) == [(4, -1), (5, -1)]
    assert aligned({}, {2: "a"}, Budget()) == [(-1, 2)]


def test_plain_values_are_paired_by_position_only() -> None:
    """Plain values that stand elsewhere are other values."""
    assert aligned({1: "a", 2: "b"}, {1: "c", 2: "d"}, Budget()) == [(1, 1), (2, 2)]
    assert aligned({1: "a", 2: "b"}, {1: "c"}, Budget()) == [(1, -1), (2, -1), (-1, 1)]


def test_long_lists_are_paired_by_order() -> None:
    """Lists too long to be searched are paired in order, the rest left over."""
    ours = {n: {"a": n, "b": [n]} for n in range(40)}
    theirs = {n: {"a": -n, "b": [n]} for n in range(41)}
    found = aligned(ours, theirs, Budget())
    assert found[:2] == [(0, 0), (1, 1)]
    assert found[-1] == (-1, 40)
