from __future__ import annotations

import random

from shadow.pace import FORGET, INTERVAL, LEAST, STEP, Pace


def answers(pace: Pace, seconds: float, number: int, start: float, route: str = "a") -> float:
    """So many answers of a route, ten in a second; the time after them."""
    for _ in range(number):
        start += 0.1
        pace.answered(route, seconds, start)
    return start


def test_a_service_that_slows_down_gets_half_as_many_copies_each_time() -> None:
    """From full to the least, by halves; and never to nothing."""
    pace = Pace(2.0)
    now = answers(pace, 0.1, 50, 0.0)
    assert pace.share == 1.0
    shares = []
    for _ in range(20):
        now = answers(pace, 0.5, 11, now)
        shares.append(pace.share)
    backed = list(dict.fromkeys(share for share in shares if share < 1.0))
    assert backed[:3] == [0.5, 0.25, 0.125]
    assert backed[-1] == LEAST


def test_it_comes_back_bit_by_bit() -> None:
    """Once the service answers as usual again, the share grows by a step at a time, up to all."""
    pace = Pace(2.0)
    now = answers(pace, 0.1, 55, 0.0)
    now = answers(pace, 0.5, 55, now)
    now = answers(pace, 0.1, 22, now)
    low = pace.share
    assert low < 0.2
    now = answers(pace, 0.1, 11, now)
    assert abs(pace.share - low - STEP) < 1e-9
    answers(pace, 0.1, 300, now)
    assert pace.share == 1.0


def test_a_jitter_is_not_slowness() -> None:
    """Answers that spread widely, a rare one that takes seconds, and milliseconds of fast services cost nothing."""
    draw, pace, now, shares = random.Random(1), Pace(2.0), 0.0, list[float]()
    for _ in range(5000):
        now += 0.05
        pace.answered("wide", draw.lognormvariate(-2.0, 0.6), now)
        pace.answered("rare", 5.0 if draw.random() < 0.1 else draw.uniform(0.08, 0.13), now)
        pace.answered("fast", draw.choice((0.001, 0.001, 0.015)), now)
        shares.append(pace.share)
    assert sum(shares) / len(shares) > 0.99


def test_a_slow_route_is_measured_by_itself() -> None:
    """A route that always needs long is no sign of slowness beside one that is quick."""
    pace = Pace(2.0)
    now = answers(pace, 0.01, 30, 0.0, "quick")
    answers(pace, 2.0, 60, now, "long")
    assert pace.share == 1.0


def test_a_service_that_became_slower_for_good_is_believed_in_time() -> None:
    """The floor rises: what was slow is usual in the end."""
    pace = Pace(2.0)
    now = answers(pace, 0.1, 55, 0.0)
    now = answers(pace, 0.5, 55, now)
    assert pace.share < 0.5
    answers(pace, 0.5, 220, now + 3 * FORGET)
    assert pace.share > 0.5


def test_the_share_of_copies_is_taken() -> None:
    """At an eighth, every eighth is made."""
    pace = Pace(2.0)
    assert all(pace.takes() for _ in range(20))
    pace.share = 0.125
    assert sum(pace.takes() for _ in range(80)) == 10


def test_decisions_are_not_made_faster_than_they_show() -> None:
    """However many answers come, one decision in an interval."""
    pace = Pace(2.0)
    now = answers(pace, 0.1, 50, 0.0)
    before = pace.share
    for step in range(200):
        pace.answered("a", 0.9, now + INTERVAL * step / 400)
    assert pace.share >= before / 4


def test_the_slowest_route_says_why() -> None:
    """Seconds now and at best; nothing is known before the first answer."""
    pace = Pace(2.0)
    assert pace.slowest == ("", 0.0, 0.0)
    now = answers(pace, 0.1, 11, 0.0, "a")
    answers(pace, 0.3, 11, answers(pace, 0.1, 11, now, "b"), "b")
    name, median, floor = pace.slowest
    assert (name, median, floor < 0.11) == ("b", 0.3, True)
