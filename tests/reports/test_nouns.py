from __future__ import annotations

import pytest

from gateway.flags.flag import Flag
from reports.nouns import Exercise, Latency, RouteEvidence, SignatureSeen, Tally


def test_a_tally_adds_up() -> None:
    """Expected ones agree; inconclusive ones are no trials."""
    tally = Tally(match=5, expected=4, mismatch=3, inconclusive=2, failed=1)
    assert (tally.total, tally.agreed, tally.trials) == (15, 9, 13)


def test_a_ratio_needs_both_sides() -> None:
    """Without pairs, or with a legacy median of zero, there is no ratio."""
    assert Latency(2, 0.1, 0.2).ratio == 2
    assert Latency().ratio is None
    assert Latency(1, 0.0, 0.2).ratio is None


def test_open_signatures_are_the_unexplained_ones() -> None:
    """A signature is open when nothing explains it."""
    one = SignatureSeen("a", "r", "body", "$", "changed", 1, 1, 0, 0, "o", by="ws-url")
    two = SignatureSeen("b", "r", "body", "$", "changed", 1, 1, 0, 0, "o")
    assert RouteEvidence("r", "d", Flag("r"), signatures=(one, two)).open == (two,)


@pytest.mark.parametrize(
    ("tally", "told"),
    [
        (Tally(match=2), "alike"),
        (Tally(mismatch=1), "different"),
        (Tally(match=1, expected=2, mismatch=1, failed=4), "3 alike, 1 different, 4 not compared"),
    ],
)
def test_an_exercise_says_what_came_of_it(tally: Tally, told: str) -> None:
    """One word where all came out alike, else how many of each."""
    assert Exercise("limit", tally).told == told
