from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.mirroring import PlatformLimit
from shadow.platform_limit import Tenth


def test_copies_take_a_tenth_and_no_more() -> None:
    """Of 60 a minute six; the next one when the first is a minute old."""
    tenth = Tenth(PlatformLimit(60, 60))
    assert [tenth.take(1, 0.0) for _ in range(7)] == [True] * 6 + [False]
    assert not tenth.take(1, 59.9)
    assert tenth.take(6, 60.0)
    assert not tenth.take(1, 60.0)


def test_it_is_all_or_nothing_and_what_was_not_used_goes_back() -> None:
    """Three requests are taken at once or not at all."""
    tenth = Tenth(PlatformLimit(40, 60))
    assert tenth.take(3, 0.0)
    assert not tenth.take(3, 0.0)
    tenth.give_back(2, 0.0)
    assert tenth.take(3, 1.0)
    tenth.give_back(3, 1.0)
    assert [tenth.take(1, 60.0) for _ in range(5)] == [True] * 4 + [False]
    tenth.give_back(3, 1.0)


def test_a_small_limit_gives_one_in_a_longer_window() -> None:
    """A tenth of five a minute is one in two minutes."""
    tenth = Tenth(PlatformLimit(5, 60))
    assert tenth.most == 1
    assert [tenth.take(1, at) for at in (0.0, 60.0, 119.9, 120.0)] == [True, False, False, True]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 30), st.integers(1, 3), st.integers(0, 3)), max_size=120),
    st.integers(1, 200),
    st.integers(1, 120),
)
def test_no_window_ever_holds_more_than_a_tenth(steps: list[tuple[float, int, int]], rate: int, per: int) -> None:
    """Whatever is asked for and whatever goes back late: in any window of the limit's length at most a tenth."""
    tenth, now, made, late = Tenth(PlatformLimit(rate, per)), 0.0, list[float](), list[tuple[int, float]]()
    for wait, number, unused in steps:
        now += wait
        if tenth.take(number, now):
            made += [now] * max(0, number - unused)
            late.append((min(number, unused), now))
        if len(late) > 2:
            tenth.give_back(*late.pop(0))
    for start in made:
        assert sum(start <= at < start + per for at in made) <= max(1, rate // 10)
