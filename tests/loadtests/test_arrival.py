from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.arrival import Timetable, phase_of, streams_for


@pytest.mark.parametrize(("rate", "streams"), [(0.2, 1), (1, 1), (1.5, 2), (50, 50), (4000, 100)])
def test_a_rate_is_spread_over_streams(rate: float, streams: int) -> None:
    """About one arrival a second each, but no more streams than a process bears."""
    assert streams_for(rate) == streams


@given(st.floats(0.01, 10), st.floats(0, 0.999), st.floats(0, 10_000))
def test_the_next_due_time_is_within_a_period(period: float, phase: float, elapsed: float) -> None:
    """Later than now, by a period at most."""
    due = Timetable(period, phase).after(elapsed)
    assert -1e-6 <= due - elapsed <= period * (1 + 1e-6) + 1e-6


def test_due_times_come_in_even_steps() -> None:
    """Each is asked for with the one before it; none is skipped, none comes twice."""
    timetable, due, dues = Timetable(0.1, 0.37), 0.0, list[float]()
    for _ in range(1000):
        due = timetable.after(due)
        dues.append(due)
    assert dues == pytest.approx([0.037 + 0.1 * number for number in range(1000)])


@given(st.integers(1, 100), st.integers(0, 8))
def test_streams_are_spread_evenly(streams: int, worker: int) -> None:
    """However many there are, no gap between two is more than three times the even one."""
    phases = sorted(phase_of(number, worker) for number in range(streams))
    gaps = [later - earlier for earlier, later in zip(phases, [*phases[1:], phases[0] + 1], strict=True)]
    assert max(gaps) <= 3 / streams
