from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.alike import APART, INSTANTS, SHARES, both, covers, joined, parted, read, recorded, steps, written
from gateway.core.comparing import Like, Meaning

LIKES = st.one_of(
    st.sampled_from([Like(Meaning.UUID), Like(Meaning.JWT), Like(Meaning.URL)]),
    st.sampled_from(INSTANTS).map(lambda step: Like(Meaning.TIMESTAMP, step)),
    st.sampled_from(APART).map(lambda step: Like(Meaning.NUMBER, step)),
    st.sampled_from(SHARES).map(lambda step: Like(Meaning.NUMBER, step, relative=True)),
)
ALIKES = st.lists(LIKES, max_size=3, unique_by=lambda like: (like.meaning, like.relative)).map(joined)


@given(LIKES)
def test_a_meaning_is_read_back_as_it_was_written(like: Like) -> None:
    """Every step of every meaning survives its text."""
    assert read(written(like)) == like
    assert like.within in {0.0, *steps(like)}


@pytest.mark.parametrize(
    ("meaning", "alike", "covered"),
    [
        ("timestamp 2s", "timestamp 2s", True),
        ("timestamp 2s", "timestamp", True),
        ("timestamp 2s", "timestamp 5s", False),
        ("number 5%", "number 1, number 1%", True),
        ("number 5%", "number 1, number 10%", False),
        ("number 5%", "number 1", False),
        ("number 1", "number 1, number 10%", True),
        ("timestamp 1m", "timestamp 10s", True),
        ("timestamp 1s", "timestamp 10ms", True),
        ("timestamp 10ms", "timestamp 100ms", False),
        ("uuid", "uuid", True),
        ("uuid", "jwt", False),
        ("uuid", "", False),
    ],
)
def test_a_rule_covers_what_is_as_near_and_no_more(meaning: str, alike: str, covered: bool) -> None:  # noqa: FBT001
    """By the same meaning, at most as far apart; a share is no distance."""
    assert covers(meaning, alike) is covered


@settings(deadline=None)
@given(ALIKES, ALIKES, LIKES)
def test_of_two_differences_only_what_covers_each_covers_both(one: str, other: str, like: Like) -> None:
    """So a count of several places hides none of them; and the order does not matter."""
    meaning = written(like)
    assert covers(meaning, both(one, other)) == (covers(meaning, one) and covers(meaning, other))
    assert both(one, other) == both(other, one)
    assert both(one, one) == one


@given(st.sampled_from(["", "noise", "rule:tolerated"]), ALIKES)
def test_what_is_counted_by_can_be_parted_again(by: str, alike: str) -> None:
    """One text holds both; without a meaning it is what it always was."""
    assert parted(recorded(by, alike)) == (by, alike)
    assert recorded(by, "") == by
