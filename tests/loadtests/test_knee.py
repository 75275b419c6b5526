from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.knee import Capacity, Search, Step, capacity

SEARCH = Search(1.0, 1.0, 500.0)


def step(level: float, *, held: bool = True, rate: float | None = None) -> Step:
    """A step of this level."""
    return Step(level, level * 3 if rate is None else rate, 10.0, 0.0, 0.0, 1.0, "" if held else "p95 above 300 ms")


def searched(knee: float, blur: float = 0.0, seed: int = 0, search: Search = SEARCH) -> list[Step]:
    """The whole search on a target that breaks above `knee`, give or take."""
    dice, steps = random.Random(seed), list[Step]()
    while (level := search.next(steps)) is not None:
        assert len(steps) < 200, "the search does not end"
        steps.append(step(level, held=level <= knee * math.exp(dice.gauss(0, blur))))
    return steps


@given(st.floats(1.3, 400), st.floats(0, 0.3), st.integers(0, 1000))
@settings(deadline=None, max_examples=60)
def test_the_search_ends_and_stays_inside(knee: float, blur: float, seed: int) -> None:
    """Whatever the target does, and no step is outside of what the operator allowed."""
    steps = searched(knee, blur, seed)
    assert all(SEARCH.least <= item.level <= SEARCH.most for item in steps)
    assert len(steps) < 60


@given(st.floats(2, 400))
@settings(deadline=None, max_examples=60)
def test_a_sharp_knee_is_found_within_its_interval(knee: float) -> None:
    """The level within 12 %, the interval holds it, and the answers a second are those sustained below it."""
    found = capacity(searched(knee))
    assert found.level.low <= knee <= found.level.high
    assert found.level.value == pytest.approx(knee, rel=0.12)
    assert found.rate.value <= knee * 3


def test_steps_double_then_shrink() -> None:
    """Until one breaks; after each turn the steps are smaller."""
    levels = [item.level for item in searched(40.0)]
    assert levels[:7] == [1, 2, 4, 8, 16, 32, 64]
    assert levels[7] == pytest.approx(64 / 1.5)


def test_nothing_broke() -> None:
    """At the most that was allowed it held twice: the capacity is at least that."""
    steps = searched(900.0)
    assert [item.level for item in steps[-2:]] == [500.0, 500.0]
    found = capacity(steps)
    assert (found.level.low, found.level.high) == (500.0, math.inf)
    assert found.to_json()["level"] == [500.0, 500.0, None]


def test_nothing_held() -> None:
    """Already the least broke, twice: there is no capacity to tell, only what it is below."""
    steps = searched(0.5)
    assert [item.level for item in steps] == [1.0, 1.0]
    assert capacity(steps).level.value == 0.0
    assert capacity(steps).level.high == 1.0
    assert capacity([]).level.value == 0.0


@pytest.mark.parametrize("turns", [[True, False], [True, True, False, True, False], [False, True]])
def test_a_search_cut_short_says_what_it_knows(turns: list[bool]) -> None:
    """Between what held and what broke."""
    steps = [step(10.0 + 2 * number, held=held) for number, held in enumerate(turns)]
    found = capacity(steps)
    assert found.level.low <= found.level.value <= found.level.high
    assert found.level.high < math.inf
    assert found.rate.value > 0


def test_json_is_read_back() -> None:
    """Steps and capacity, infinite bounds too."""
    for found in (capacity(searched(40.0)), capacity(searched(900.0))):
        assert Capacity.from_json(json.loads(json.dumps(found.to_json()))).to_json() == found.to_json()
    one = step(4.0, held=False)
    assert Step.from_json(json.loads(json.dumps(one.to_json()))) == one
    assert one.to_json()["held"] is False


@pytest.mark.parametrize(("blur", "share"), [(0.02, 0.93), (0.1, 0.9), (0.2, 0.8)])
def test_blurred_knees_are_held_by_most_intervals(blur: float, share: float) -> None:
    """Of 150 searches on a target whose knee wanders from step to step."""
    found = [capacity(searched(40.0, blur, seed)).level for seed in range(150)]
    assert sum(item.low <= 40.0 <= item.high for item in found) >= share * len(found)
