from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loadtests.clock import RunClock


class Watch:
    """A monotonic clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_it_counts_from_its_beginning_to_its_end() -> None:
    """Beginning sets it to zero, ending holds it, beginning again sets it free."""
    watch = Watch()
    clock = RunClock(watch)
    watch.seconds = 110.0
    clock.begin()
    watch.seconds = 113.0
    assert clock.elapsed == 3.0
    clock.end()
    watch.seconds = 120.0
    clock.end()
    assert clock.elapsed == 3.0
    clock.begin()
    assert clock.elapsed == 0.0


@given(st.lists(st.floats(0, 2), min_size=1, max_size=10))
def test_a_follower_is_as_late_as_the_fastest_telling(delays: list[float]) -> None:
    """Tellings are late by their way; the follower is off by the shortest of them and never ahead."""
    watch = Watch()
    clock = RunClock(watch)
    for number, delay in enumerate(delays):
        watch.seconds = 100.0 + number + delay
        clock.follow(float(number), anew=number == 0)
    watch.seconds = 150.0
    assert abs(50.0 - clock.elapsed - min(delays)) < 1e-9


def test_beginning_anew_forgets_what_was_told_before() -> None:
    """A second run is not measured by the first one's clock."""
    watch = Watch()
    clock = RunClock(watch)
    clock.follow(90.0, anew=True)
    clock.end()
    clock.follow(0.0, anew=True)
    assert clock.elapsed == 0.0


def test_old_tellings_fade() -> None:
    """Two clocks that drift apart stay together, since only the last tellings count."""
    watch = Watch()
    clock = RunClock(watch)
    for second in range(1000):
        watch.seconds = 100.0 + second * 1.001
        clock.follow(float(second), anew=second == 0)
    assert abs(clock.elapsed - 999) < 0.02
