from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.bench.change import changes, student
from loadtests.bench.figures import LESS, MORE, Figure

VALUES = st.lists(st.floats(0.01, 1e6), min_size=2, max_size=9)


def of(values: list[float], better: str = LESS) -> dict[str, Figure]:
    """One figure."""
    return {"f": Figure("f", tuple(values), better)}


@pytest.mark.parametrize(
    ("freedom", "level", "expected"),
    [(1, 0.95, 12.706), (2, 0.95, 4.303), (6, 0.95, 2.447), (6, 0.99, 3.707), (30, 0.95, 2.042), (4.5, 0.95, 2.659)],
)
def test_students_distribution_is_the_tables(freedom: float, level: float, expected: float) -> None:
    """Two-sided points as printed in every table."""
    assert student(freedom, level) == pytest.approx(expected, abs=0.001)


def test_a_change_beyond_the_scatter_has_its_direction() -> None:
    """More of a time is slower, more of a rate is faster; a ratio of 1.5 lies in its interval."""
    base = [100.0, 103.0, 98.0, 101.0, 99.0]
    slower = [value * 1.5 for value in [101.0, 102.0, 99.0, 100.0, 100.0]]
    (change,) = changes(of(slower), of(base), paired=True)
    assert change.verdict == "slower"
    assert change.low < 1.5 < change.high
    assert change.worse_than(0.02)
    assert not change.worse_than(0.6)
    (change,) = changes(of(slower, MORE), of(base, MORE), paired=True)
    assert change.verdict == "faster"
    assert not change.worse_than(0.02)
    (change,) = changes(of(base, MORE), of(slower, MORE), paired=True)
    assert (change.verdict, change.worse_than(0.02)) == ("slower", True)


def test_pairs_take_out_what_both_rounds_shared() -> None:
    """A machine that halves its speed from round to round hides nothing that was measured in turns."""
    base = [100.0, 200.0, 400.0, 150.0, 300.0]
    present = [value * factor for value, factor in zip(base, [1.1, 1.11, 1.09, 1.1, 1.1], strict=True)]
    assert changes(of(present), of(base), paired=True)[0].verdict == "slower"
    assert changes(of(present), of(base), paired=False)[0].verdict == "no change within noise"


def test_one_round_tells_nothing() -> None:
    """Without scatter there is no bound; what is not above 0 has no ratio; what only one side has is left out."""
    assert changes(of([1.0]), of([2.0]), paired=True)[0].verdict == "too few rounds"
    assert changes(of([1.0]), of([2.0, 3.0]), paired=False)[0].verdict == "too few rounds"
    assert changes(of([0.0, 1.0]), of([2.0, 3.0]), paired=False)[0].verdict == "too few rounds"
    assert changes(of([1.0]), {}, paired=True) == []


@settings(deadline=None)
@given(VALUES)
def test_nothing_changes_against_itself(values: list[float]) -> None:
    """The ratio is 1, its interval holds 1."""
    for paired in (True, False):
        (change,) = changes(of(values), of(values), paired=paired)
        assert change.ratio == pytest.approx(1)
        assert change.verdict == "no change within noise"


@settings(deadline=None)
@given(VALUES, VALUES, st.booleans())
def test_turning_a_comparison_round_turns_its_interval(one: list[float], two: list[float], paired: bool) -> None:  # noqa: FBT001
    """Base over present is the inverse of present over base."""
    (there,), (back,) = changes(of(one), of(two), paired=paired), changes(of(two), of(one), paired=paired)
    assert there.ratio * back.ratio == pytest.approx(1)
    assert there.low <= there.ratio * (1 + 1e-9)
    assert there.low * back.high == pytest.approx(1, rel=1e-6)


def test_noise_alone_is_hardly_ever_called_a_change() -> None:
    """Of 300 comparisons of twelve equal figures at most one in twelve calls any changed (5 % are promised)."""
    chance, wrong = random.Random(7), 0
    for _ in range(300):
        one, two = (
            {str(n): Figure(str(n), tuple(chance.lognormvariate(0, 0.1) for _ in range(7)), LESS) for n in range(12)}
            for _ in range(2)
        )
        wrong += any(change.verdict != "no change within noise" for change in changes(one, two, paired=True))
    assert wrong <= 25
