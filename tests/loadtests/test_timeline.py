from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.results import Tick
from loadtests.tally import Place, Second, Tally
from loadtests.timeline import timeline

ANSWERS = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(["legacy", "gateway"]), st.sampled_from("ab"), st.booleans()),
    max_size=60,
)


def counted(answers: list[tuple[int, str, str, bool]]) -> Tally:
    """A tally of answers of ten milliseconds."""
    tally = Tally()
    for second, side, route, failed in answers:
        error = "HTTP 500" if failed else ""
        tally.count(Place(second // 5, side, route), 10.0, error, second=Second(second, side, route, second // 5))
    return tally


def test_a_tick_is_one_second_of_one_side() -> None:
    """All routes together, with what failed and how long it took."""
    first, second = timeline(
        counted([(3, "gateway", "a", False), (3, "gateway", "b", True), (4, "legacy", "a", False)])
    )
    assert (first.second, first.side, first.requests, first.failed) == (3, "gateway", 2, 1)
    assert first.p50_ms == first.p95_ms == pytest.approx(10.0, rel=0.01)
    assert (second.second, second.side, second.requests, second.failed) == (4, "legacy", 1, 0)
    assert Tick.from_json(first.to_json()) == first


def test_an_answer_is_late_by_what_its_own_route_promises() -> None:
    """A model may take its time where a listing may not; without a promise nothing is late."""
    tally = counted([(0, "gateway", "a", False), (0, "gateway", "b", False)])
    for bounds, late in (({"a": 5.0, "b": 50.0}, 1), ({"a": 5.0}, 1), ({"a": 5.0, "b": 9.0}, 2), ({}, 0), (None, 0)):
        assert [tick.late for tick in timeline(tally, bounds)] == [late]


@settings(deadline=None)
@given(ANSWERS)
def test_ticks_sum_to_what_was_counted(answers: list[tuple[int, str, str, bool]]) -> None:
    """Nothing is lost and nothing counted twice, also after a way through JSON and a merge."""
    tally = Tally()
    tally.merge(Tally.from_json(counted(answers).to_json()))
    ticks = timeline(tally)
    assert sum(tick.requests for tick in ticks) == len(answers) == tally.histogram.total
    assert sum(tick.failed for tick in ticks) == tally.failures
    assert [(tick.second, tick.side) for tick in ticks] == sorted({(second, side) for second, side, _, _ in answers})


@settings(deadline=None)
@given(ANSWERS, st.sets(st.integers(0, 9)))
def test_seconds_that_are_left_out_leave_nothing_behind(
    answers: list[tuple[int, str, str, bool]], out: set[int]
) -> None:
    """The figures are those of a load in which these answers never came."""
    each = {"legacy": 1.0, "gateway": 1.0}
    whole = counted(answers)
    before = whole.to_json()
    left = whole.without(out).sides(each)
    assert whole.to_json() == before
    never = counted([answer for answer in answers if answer[0] not in out]).sides(each)
    for side in each:
        assert left[side].overall.requests == never[side].overall.requests
        assert left[side].overall.errors == never[side].overall.errors
        assert left[side].overall.histogram == never[side].overall.histogram
