from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.alike import covers
from gateway.core.observation import DifferenceKind
from shadow.diff.found import Found
from shadow.diff.nearness import alike, noted
from tests.shadow.diff.test_meaning import U, V, W, token


def changed(legacy: Any, gateway: Any, path: str = "$.a", location: str = "body") -> Found:
    """A changed value."""
    return Found(location, path, DifferenceKind.CHANGED, legacy, gateway)


@pytest.mark.parametrize(
    ("legacy", "gateway", "told"),
    [
        ("2026-11-22T18:33:20Z", "2026-11-22T19:33:20+01:00", "timestamp"),
        ("2026-11-22T18:33:20Z", "2026-11-22T18:33:21.5Z", "timestamp 2s"),
        ("2026-11-22T18:33:20Z", "2026-11-22T18:33:20", ""),
        ("2026-11-22T18:33:20Z", "2026-11-24T18:33:20Z", ""),
        (1_763_836_400, 1_763_836_401, "number 0.01%, number 1, timestamp 1s"),
        (100, 104, "number 10, number 5%"),
        (0.1 + 0.2, 0.3, "number 0.01%, number 1e-06"),
        (1, 1000, ""),
        (True, 1, ""),
        (U, V, "uuid"),
        ("http://a/x?y=1", "https://b:8/x?y=1", "url"),
        ("http://a/x?y=1", "http://a/x?y=2", ""),
        (token(sub="a"), token(sub="a", iat=2, exp=1802), "jwt"),
        (token(sub="a"), token(sub="b"), ""),
        ("old", "new", ""),
        (None, None, ""),
    ],
)
def test_values_are_told_by_what_they_have_in_common(legacy: Any, gateway: Any, told: str) -> None:
    """The nearest step of each meaning that fits, from either side; nothing for values that are just different."""
    assert alike(changed(legacy, gateway)) == told
    assert alike(changed(gateway, legacy)) == told


def test_only_changed_values_are_alike() -> None:
    """What is missing, of another type or a status has no second value that could mean the same."""
    for kind in set(DifferenceKind) - {DifferenceKind.CHANGED}:
        assert alike(Found("body", "$.a", kind, U, V)) == ""
    assert alike(changed(500, 501, "500→501", "status")) == ""


def test_a_uuid_has_one_partner_in_all_places() -> None:
    """Where an answer gives one id two names, the second is not the same."""
    found = noted([changed(U, V, "$.a"), changed(U, V, "$.b"), changed(U, W, "$.c"), changed(1, 2, "$.d")])
    assert [one.alike.startswith("uuid") for one in found] == [True, True, False, False]


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_a_distance_is_never_told_as_less_than_it_is(one: float, other: float) -> None:
    """What a step covers is at most so far apart."""
    near = alike(changed(one, other))
    if covers("number 1", near):
        assert abs(one - other) <= 1.000001
