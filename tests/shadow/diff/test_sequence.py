"""Sequences aligned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.diff.sequence import NOWHERE, reordered, unequal

WORDS = st.lists(st.sampled_from("abcd"), max_size=8)


@pytest.mark.parametrize(
    ("one", "other", "places"),
    [
        ("abc", "abc", []),
        ("abc", "ac", [(1, NOWHERE)]),
        ("ac", "abc", [(NOWHERE, 1)]),
        ("abc", "axc", [(1, 1)]),
        ("abcd", "axyd", [(1, 1), (2, 2)]),
        ("", "ab", [(NOWHERE, 0), (NOWHERE, 1)]),
    ],
)
def test_unequal_places(one: str, other: str, places: list[tuple[int, int]]) -> None:
    """Only what differs is named, beside what it stands against."""
    assert unequal(list(one), list(other)) == places


@given(WORDS, WORDS)
def test_nothing_unequal_means_equal(one: list[str], other: list[str]) -> None:
    """Two sequences without an unequal place are the same."""
    assert (unequal(one, other) == []) == (one == other)


@given(WORDS, WORDS)
def test_places_are_real(one: list[str], other: list[str]) -> None:
    """Every place named exists, and no place twice."""
    found = unequal(one, other)
    ours, theirs = [a for a, _ in found if a != NOWHERE], [b for _, b in found if b != NOWHERE]
    assert len(set(ours)) == len(ours)
    assert len(set(theirs)) == len(theirs)
    assert all(a < len(one) for a in ours)
    assert all(b < len(other) for b in theirs)


def test_long_sequences_are_compared_by_position() -> None:
    """Between an equal beginning and end, a long middle is compared place by place."""
    one, other = [str(n) for n in range(1000)], [str(n) for n in range(2000, 3000)]
    assert unequal(["s", *one, "e"], ["s", *other, "e"]) == [(n, n) for n in range(1, 1001)]


def test_reordered() -> None:
    """The same items in another order are told from other items."""
    assert reordered(["a", "b"], ["b", "a"])
    assert not reordered(["a"], ["a"])
    assert not reordered(["a"], ["b"])
