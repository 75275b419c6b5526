from __future__ import annotations

import math

import pytest

from gateway.core.objectives import Aim
from loadtests.intervals import Interval
from loadtests.judge import Judgement, Outcome
from loadtests.verdict import lines, notes, reasons, sentence


def judged(aim: Aim, bound: float, interval: Interval | None, outcome: Outcome, **more: object) -> Judgement:
    """One judgement of route `a`."""
    return Judgement("a", aim, bound, interval, 400, outcome, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (
            judged(Aim.P95, 500.0, Interval(812.3, 790.1, 851.0), Outcome.MISSED),
            "a: p95 812 ms (790 ms to 851 ms; 400 answers) exceeds 500 ms",
        ),
        (
            judged(Aim.ERRORS, 0.001, Interval(0.01, 0.0027, 0.025), Outcome.MISSED, detail="HTTP 503"),
            "a: error rate 1% (0.27% to 2.5%; 4 of 400) exceeds 0.1%, mostly HTTP 503",
        ),
        (
            judged(Aim.ERRORS, 0.001, Interval(1.0, 0.991, 1.0), Outcome.MISSED),
            "a: error rate 100% (99% to 100%; 400 of 400) exceeds 0.1%",
        ),
        (
            judged(Aim.ADDED, 15.0, Interval(21.34, 20.6, 22.1), Outcome.MISSED),
            "a: median is 21.3 ms later than legacy's (20.6 ms to 22.1 ms), which exceeds 15 ms",
        ),
        (
            judged(Aim.RATIO, 2.0, Interval(2.13, 1.9, 2.3), Outcome.UNDECIDED, required=True),
            "a: median is 2.13 times legacy's (1.90 to 2.30), which is not surely within 2.00",
        ),
        (
            judged(Aim.FIRST_TOKEN, 500.0, Interval(900.0, 850.0, math.inf), Outcome.MISSED),
            "a: first token, p95, 900 ms (850 ms to unknown; 400 answers) exceeds 500 ms",
        ),
        (
            judged(Aim.P50, 50.0, Interval(5.0, 4.0, 6.0), Outcome.MET),
            "a: median 5 ms (4 ms to 6 ms; 400 answers) is within 50 ms",
        ),
        (
            judged(Aim.P99, 50.0, None, Outcome.FEW, required=True),
            "a: p99 is required and not proven: 400 answers, where it takes 368",
        ),
        (
            judged(Aim.ERRORS, 0.001, None, Outcome.FEW, required=True),
            "a: error rate is required and not proven: 400 answers, where it takes 3688",
        ),
        (
            judged(Aim.RATIO, 2.0, None, Outcome.FEW, required=True),
            "a: ratio to legacy is required and not proven: 400 answers on both sides in too few slices",
        ),
    ],
)  # fmt: skip
def test_sentences_tell_route_number_interval_and_bound(item: Judgement, text: str) -> None:
    """In the unit of the aim."""
    assert sentence(item) == text


def test_only_what_fails_is_a_reason() -> None:
    """What is open is a note, unless it must be proven; what is met is neither."""
    met = judged(Aim.P50, 50.0, Interval(5, 4, 6), Outcome.MET)
    missed = judged(Aim.P95, 50.0, Interval(95, 94, 96), Outcome.MISSED)
    few = judged(Aim.P99, 50.0, Interval(5, 4, math.inf), Outcome.FEW)
    items = [met, missed, few]
    assert reasons(items) == (sentence(missed),)
    assert notes(items) == ("p99: 400 answers, where it takes 368, so it is not proven of a",)
    assert next(iter(lines(items))) == sentence(missed)


def test_notes_are_one_for_each_aim() -> None:
    """However many routes it is about; four are named."""
    items = [
        Judgement(f"r{number}", Aim.P95, 50.0, Interval(51, 49, 53), 90 + number, Outcome.UNDECIDED)
        for number in range(6)
    ]
    assert notes(items) == (
        "p95 is near its bound, and the interval does not say on which side: r0, r1, r2, r3 and 2 more",
    )
