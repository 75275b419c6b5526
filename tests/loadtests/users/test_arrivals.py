from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from loadtests.holding import above
from loadtests.plan import LoadPlan
from loadtests.process import run
from tests.apps.load_target import CREDENTIALS, Behaviour, Target, running

if TYPE_CHECKING:
    from pathlib import Path

    from loadtests.process import Progress
    from loadtests.results import LoadResult

ENVIRONMENT = {**os.environ, **CREDENTIALS}


def arrived(target: Target, rate: float, seconds: float, *, stall: float = 0.0) -> LoadResult:
    """A run at a constant rate; the target hangs once for so many seconds in the middle of it."""
    hung = threading.Event()

    def hang(now: Progress) -> None:
        if stall and now.elapsed > seconds / 3 and not hung.is_set():
            hung.set()
            target.behaviour.stalled_until = time.monotonic() + stall

    return run(LoadPlan(target.config, run_time=seconds, rate=rate), environment=ENVIRONMENT, on_progress=hang)


def test_a_rate_is_kept(tmp_path: Path) -> None:
    """40 a second for 3 s are about 120 requests, besides what the first page asks for once."""
    with running(tmp_path) as target:
        result = arrived(target, 40, 3)
    requests = result.sides["gateway"].overall.requests
    assert 100 < requests < 160
    assert result.rate == 40
    assert target.behaviour.sign_ins == 1


@pytest.mark.proof
def test_a_slow_target_does_not_slow_the_arrivals(tmp_path: Path) -> None:
    """Every answer takes 0.5 s; users who wait would send a tenth of what is due."""
    with running(tmp_path, Behaviour(delay={"/": 0.5})) as target:
        result = arrived(target, 40, 5)
    assert result.sides["gateway"].overall.requests > 180
    assert target.behaviour.most_in_flight > 12


@pytest.mark.proof
def test_a_hanging_second_shows_in_every_request_that_was_due_in_it(tmp_path: Path) -> None:
    """At 50 a second, 50 requests were due while the target hung for 1 s, and half of them waited 0.5 s or more."""
    with running(tmp_path) as target:
        result = arrived(target, 50, 6, stall=1.0)
    histogram = result.sides["gateway"].overall.histogram
    assert 45 <= above(histogram, 60) <= 65
    assert 20 <= above(histogram, 500) <= 32
    assert histogram.quantile(0.95) > 250
    assert 900 < histogram.quantile(1.0) < 1150


@pytest.mark.proof
def test_what_is_never_answered_is_counted(tmp_path: Path) -> None:
    """The target hangs until after the end: what was due then is unanswered, not absent."""
    with running(tmp_path) as target:
        result = arrived(target, 20, 4, stall=30.0)
        target.behaviour.stalled_until = 0.0
    overall = result.sides["gateway"].overall
    assert overall.errors["no answer when the load ended"] > 30
    assert any("mostly no answer when the load ended" in reason for reason in result.reasons)
