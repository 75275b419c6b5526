"""JSON against JSON."""

from __future__ import annotations

import json
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.observation import Difference
from shadow.diff.found import Budget, DeadlineError, swapped
from shadow.diff.json_body import diff, kind_of
from tests.shadow.cases import found_as
from tests.shadow.normalise.test_json_value import VALUES


@given(VALUES)
def test_a_document_does_not_differ_from_itself(value: Any) -> None:
    """diff(x, x) is empty."""
    assert diff(value, json.loads(json.dumps(value))) == []


@given(VALUES, VALUES)
@settings(deadline=None)
def test_no_difference_means_equal(one: Any, other: Any) -> None:
    """Documents without a difference are equal, and equal ones have none."""
    assert (not diff(one, other)) == (one == other and repr(kinds(one)) == repr(kinds(other)))


def kinds(value: Any) -> Any:
    """A document with each scalar as its JSON type and each list and object kept."""
    if isinstance(value, list):
        return [kinds(item) for item in value]
    if isinstance(value, dict):
        return {key: kinds(value[key]) for key in sorted(value)}
    return kind_of(value)


OBJECTS = st.dictionaries(
    st.sampled_from("abcd"), st.none() | st.booleans() | st.integers(0, 3) | st.text(max_size=2)
)


@given(OBJECTS, OBJECTS)
def test_kinds_are_symmetric(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Seen from the other side, missing is extra, and every other kind is the same."""
    there = sorted((found.path, swapped(found.kind)) for found in diff(one, other))
    back = sorted((found.path, found.kind) for found in diff(other, one))
    assert there == back


@given(st.lists(st.integers(), unique=True, min_size=2), st.randoms())
def test_reordering_is_one_difference(ids: list[int], chance: random.Random) -> None:
    """A list with identity that is only reordered has exactly one difference, of kind order."""
    rows = [{"id": one, "name": str(one)} for one in ids]
    moved = rows[:]
    chance.shuffle(moved)
    assert found_as(diff(rows, moved)) == ([] if moved == rows else ["body $ order"])


@given(st.lists(st.integers(), unique=True, min_size=1), st.randoms(), st.sets(st.integers(0, 9)), st.booleans())
@settings(deadline=None)
def test_identity_comes_before_order(
    ranks: list[int],
    chance: random.Random,
    changed: set[int],
    learned: bool,  # noqa: FBT001 - drawn
) -> None:
    """Rows paired by a learned or declared member differ where they changed, wherever they stand; order is apart."""
    name = "id" if learned else "place"
    rows = [{name: rank, "label": "same", "n": 1} for rank in ranks]
    moved = [{**row, "n": 2} if at in changed else row for at, row in enumerate(rows)]
    chance.shuffle(moved)
    found = diff({"rows": rows}, {"rows": moved}, declared={} if learned else {"$.rows": name})
    expected = {f"$.rows[{name}={row[name]}].n changed" for row in moved if row["n"] == 2}
    ordered = [row[name] for row in moved] == ranks
    assert {f"{one.path} {one.kind}" for one in found} == expected | (set() if ordered else {"$.rows order"})
    assert len(found) == len(expected) + (not ordered)


@given(st.dictionaries(st.sampled_from("abc"), st.integers()), st.integers(), st.integers())
def test_signatures_do_not_depend_on_values(row: dict[str, int], one: int, other: int) -> None:
    """The same kind of difference at the same place has one signature, whatever the values and ids are."""
    signatures = {
        tuple(
            Difference(found.location, found.path, found.kind).signature("r")
            for found in diff([{**row, "id": key, "v": "x"}], [{**row, "id": key, "v": "y"}])
        )
        for key in (one, other)
    }
    assert len(signatures) == 1


@pytest.mark.parametrize(
    ("legacy", "gateway", "expected"),
    [
        ([1, 2, 3], [1, 3], ["body $[1] missing"]),
        ([1, 3], [1, 2, 3], ["body $[1] extra"]),
        ([1, 2], [1, 5], ["body $[1] changed"]),
        ([1, 1, 2], [1, 2, 2], ["body $[1] changed"]),
        ([[1], [2]], [[2], [1]], ["body $ order"]),
        ([1, "a"], ["a", 1], ["body $ order"]),
        ([{"a": 1}, 3], [{"a": 2}, 4], ["body $[0].a changed", "body $[1] changed"]),
        ({"a": {"42": 1}}, {"a": {"42": 2}}, ["body $.a[42] changed"]),
        (
            [{"id": 1, "t": [{"id": 5, "x": 1}]}],
            [{"id": 1, "t": [{"id": 5, "x": 2}]}],
            ["body $[id=1].t[id=5].x changed"],
        ),
        ([{"id": 1}], [{"id": 2}], ["body $[id=1] missing", "body $[id=2] extra"]),
        (None, False, ["body $ type"]),
        ("1", 1, ["body $ type"]),
        (1.5, 2, ["body $ changed"]),
    ],
)
def test_places(legacy: Any, gateway: Any, expected: list[str]) -> None:
    """Each difference is named where it is, once."""
    assert found_as(diff(legacy, gateway)) == expected


def test_differences_are_bounded() -> None:
    """Beyond the budget's number of differences, the rest is one."""
    found = diff({str(n) + "x": 1 for n in range(50)}, {}, budget=Budget(most=10))
    assert len(found) == 11
    assert found[-1].path == "(more)"


def test_time_is_bounded() -> None:
    """A walk beyond the deadline stops."""
    with pytest.raises(DeadlineError):
        diff(
            [{"id": n, "v": 1} for n in range(2000)],
            [{"id": n, "v": 2} for n in range(2000)],
            budget=Budget(0.0, 10**6),
        )


def test_two_hundred_shuffled_rows_take_milliseconds() -> None:
    """Rows with identity need no search, however they are shuffled."""
    rows = [{"id": n, "name": f"row {n}", "tags": ["a", "b"]} for n in range(200)]
    moved = [{**row, "name": "changed"} if n % 5 < 2 else row for n, row in enumerate(rows)]
    random.Random(1).shuffle(moved)
    started = time.monotonic()
    assert len(diff(rows, moved)) == 81
    assert time.monotonic() - started < 1.0
