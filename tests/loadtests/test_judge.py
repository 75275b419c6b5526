from __future__ import annotations

import json
import math
import random
from dataclasses import replace

import pytest

from gateway.core.objectives import Aim, Promised
from loadtests.compared import Comparison
from loadtests.intervals import Interval
from loadtests.judge import Judgement, Outcome, RouteMeasured, judge, unmeasured
from tests.loadtests.waves import block


def answered(milliseconds: float = 10.0, answers: int = 100, slices: int = 8, failures: int = 0) -> RouteMeasured:
    """A route with so many answers in each slice; all failures are in the first."""
    dice = random.Random(1)
    blocks = [
        block([milliseconds * dice.lognormvariate(0, 0.2) for _ in range(answers)], 0 if number else failures)
        for number in range(slices)
    ]
    return RouteMeasured(blocks, blocks, {}, None, "HTTP 503" if failures else "")


def outcome(found: RouteMeasured, aim: Aim, bound: float, *, required: bool = False) -> Judgement:
    """What is said of one objective of a route."""
    promise = Promised({aim: bound}, frozenset({aim} if required else ()))
    (item,) = judge({"a": found}, {"a": promise})
    return item


@pytest.mark.parametrize(
    ("aim", "bound", "expected"),
    [
        (Aim.P50, 0.05, Outcome.MET),
        (Aim.P50, 0.005, Outcome.MISSED),
        (Aim.P95, 0.05, Outcome.MET),
        (Aim.P99, 0.005, Outcome.MISSED),
        (Aim.P99, 0.05, Outcome.MET),
    ],
)
def test_latency_is_held_against_its_bound(aim: Aim, bound: float, expected: Outcome) -> None:
    """800 answers of about 10 ms: clear cases are clear, in milliseconds."""
    item = outcome(answered(), aim, bound)
    assert (item.outcome, item.bound) == (expected, bound * 1000)
    assert item.fails is (expected is Outcome.MISSED)
    assert item.measured is not None
    assert item.measured.low <= item.measured.value <= item.measured.high


def test_a_bound_within_the_interval_decides_nothing() -> None:
    """The median is just above the bound; so close, another run may say otherwise, unless it must be proven."""
    found = answered(answers=10)
    measured = outcome(found, Aim.P50, 0.05).measured
    assert measured is not None
    bound = measured.value * 0.999 / 1000
    assert (outcome(found, Aim.P50, bound).outcome, outcome(found, Aim.P50, bound).fails) == (
        Outcome.UNDECIDED,
        False,
    )
    assert outcome(found, Aim.P50, bound, required=True).fails


@pytest.mark.parametrize(("aim", "answers"), [(Aim.P95, 71), (Aim.P99, 367), (Aim.ERRORS, 3687)])
def test_too_few_answers_are_told(aim: Aim, answers: int) -> None:
    """One answer less than it takes: nothing is proven, and that fails the run where it is required."""
    few = RouteMeasured([block([1.0] * answers)], [block([1.0] * answers)], {})
    enough = RouteMeasured([block([1.0] * (answers + 1))], [block([1.0] * (answers + 1))], {})
    bound = 0.001 if aim is Aim.ERRORS else 0.5
    assert outcome(few, aim, bound).outcome is Outcome.FEW
    assert not outcome(few, aim, bound).fails
    assert outcome(few, aim, bound, required=True).fails
    assert outcome(enough, aim, bound, required=True).outcome is Outcome.MET


def test_few_answers_that_are_all_late_are_enough_to_fail() -> None:
    """It takes few answers to refute a percentile, and many to prove it."""
    assert outcome(answered(900.0, answers=4), Aim.P95, 0.5).outcome is Outcome.MISSED


@pytest.mark.parametrize(
    ("failures", "bound", "expected"),
    [(0, 0.01, Outcome.MET), (8, 0.01, Outcome.MET), (9, 0.01, Outcome.UNDECIDED), (30, 0.01, Outcome.MISSED)],
)
def test_errors_are_held_against_their_bound(failures: int, bound: float, expected: Outcome) -> None:
    """Of 800 answers, eight are 1 %, nine may be, thirty are not; the commonest reason is kept."""
    item = outcome(answered(failures=failures), Aim.ERRORS, bound)
    assert item.outcome is expected
    assert item.detail == ("HTTP 503" if failures else "")


@pytest.mark.parametrize(("failures", "expected"), [(0, Outcome.MET), (1, Outcome.MISSED)])
def test_no_errors_at_all_may_be_promised(failures: int, expected: Outcome) -> None:
    """Then one is one too many; its absence cannot be proven further."""
    assert outcome(answered(failures=failures), Aim.ERRORS, 0.0).outcome is expected


@pytest.mark.parametrize(
    ("interval", "expected"),
    [(Interval(3, 2.5, 3.5), Outcome.MISSED), (Interval(2.2, 1.9, 2.5), Outcome.UNDECIDED), (None, Outcome.FEW)],
)
def test_the_ratio_to_legacy_is_failed_by_its_interval(interval: Interval | None, expected: Outcome) -> None:
    """Above 2 it must be as a whole; without an interval there was too little."""
    comparison = Comparison(8, {"p50": interval} if interval else {}, {})
    assert outcome(replace(answered(), comparison=comparison), Aim.RATIO, 2.0).outcome is expected


def test_what_the_gateway_adds_is_judged_in_milliseconds() -> None:
    """The bound is a duration."""
    comparison = Comparison(8, {}, {"p50": Interval(21.0, 20.0, 22.0)})
    item = outcome(replace(answered(), comparison=comparison), Aim.ADDED, 0.015)
    assert (item.outcome, item.bound) == (Outcome.MISSED, 15.0)


def test_first_tokens_are_judged_by_their_own_timing() -> None:
    """A stream whose answers end early enough and begin too late; without the timing nothing is known."""
    slow = replace(answered(), timings={"first_token": [block([900.0] * 100) for _ in range(4)]})
    assert outcome(slow, Aim.FIRST_TOKEN, 0.5).outcome is Outcome.MISSED
    assert outcome(answered(), Aim.FIRST_TOKEN, 0.5).outcome is Outcome.FEW


def test_routes_without_promises_are_not_judged() -> None:
    """And what is promised of a comparison not when one side alone had load."""
    assert judge({"a": answered()}, {}) == ()
    assert judge({"a": answered()}, {"a": Promised({Aim.RATIO: 1.0})}) == ()


def test_what_is_required_of_routes_that_were_not_called_fails() -> None:
    """It is said of each, so that a required objective never passes silently."""
    promise = Promised({Aim.P95: 0.5, Aim.ERRORS: 0.01, Aim.RATIO: 2.0}, frozenset({Aim.P95, Aim.RATIO}))
    items = list(unmeasured({"b": answered()}, {"a": promise, "b": promise}))
    assert [(item.route, item.aim, item.fails, item.answers) for item in items] == [
        ("a", Aim.P95, True, 0),
        ("a", Aim.RATIO, True, 0),
        ("b", Aim.RATIO, True, 0),
    ]


def test_json_is_read_back() -> None:
    """Infinite bounds too, but for rounding."""
    items = [
        outcome(answered(), Aim.P95, 0.5),
        outcome(answered(answers=1), Aim.P99, 0.5),
        *unmeasured({}, {"a": Promised({Aim.P95: 0.5}, frozenset({Aim.P95}))}),
    ]
    for item in items:
        again = Judgement.from_json(json.loads(json.dumps(item.to_json())))
        assert again.to_json() == item.to_json()
    assert items[1].measured is not None
    assert items[1].measured.high == math.inf
