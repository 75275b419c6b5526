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
    for _ in range(12):
        now = answers(pace, 0.5, 5, now)
        shares.append(pace.share)
    backed = [share for share in shares if share < 1.0]
    assert list(dict.fromkeys(backed))[:3] == [0.5, 0.25, 0.125]
    assert backed[-1] == LEAST


def test_it_comes_back_bit_by_bit() -> None:
    """Once the service answers as usual again, the share grows by a step in each interval."""
    pace = Pace(2.0)
    now = answers(pace, 0.1, 50, 0.0)
    now = answers(pace, 0.5, 60, now)
    now = answers(pace, 0.1, 20, now)
    low = pace.share
    now = answers(pace, 0.1, 5, now)
    assert 0 < pace.share - low <= STEP + 1e-9
    answers(pace, 0.1, 200, now)
    assert pace.share == 1.0


def test_a_jitter_is_not_slowness() -> None:
    """Answers that spread about their usual time, and those of fast services by milliseconds, cost nothing."""
    draw, pace, now = random.Random(1), Pace(2.0), 0.0
    for _ in range(2000):
        now += 0.05
        pace.answered("a", draw.uniform(0.08, 0.13), now)
        pace.answered("b", draw.choice((0.001, 0.001, 0.015)), now)
        assert pace.share == 1.0


def test_a_slow_route_is_measured_by_itself() -> None:
    """A route that always needs long is no sign of slowness beside one that is quick."""
    pace = Pace(2.0)
    now = answers(pace, 0.01, 30, 0.0, "quick")
    answers(pace, 2.0, 60, now, "long")
    assert pace.share == 1.0


def test_a_service_that_became_slower_for_good_is_believed_in_time() -> None:
    """The floor rises: what was slow is usual in the end."""
    pace = Pace(2.0)
    now = answers(pace, 0.1, 50, 0.0)
    now = answers(pace, 0.5, 50, now)
    assert pace.share < 0.5
    answers(pace, 0.5, 100, now + 3 * FORGET)
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
    now = answers(pace, 0.1, 20, 0.0, "a")
    answers(pace, 0.3, 20, answers(pace, 0.1, 20, now, "b"), "b")
    name, recent, floor = pace.slowest
    assert (name, recent > 0.25, floor < 0.11) == ("b", True, True)
