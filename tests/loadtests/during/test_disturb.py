from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import ConfigError, RefusedError, UnreachableError, UsageError
from gateway.core.objectives import Aim, Promised
from gateway.store.database import open_store
from loadtests.during.disturb import disturbing
from loadtests.during.order import Disturbances, parsed
from loadtests.tally import Place, Second, Tally

if TYPE_CHECKING:
    from pathlib import Path

PROMISED = {"r": Promised({Aim.P95: 0.5, Aim.ERRORS: 0.01})}


@dataclass(frozen=True)
class Far:
    """How far a load is."""

    elapsed: float
    users: int = 1


def test_without_orders_nothing_runs() -> None:
    """The load is told on as it is, and there is nothing to account for."""
    with disturbing(None, 10.0) as disturber:
        heard: list[Far] = []
        disturber.watching(heard.append)(Far(1.0))
        disturber.watching(None)(Far(2.0))
    assert heard == [Far(1.0)]
    assert disturber.aftermaths(Tally(), "gateway", {}, 10.0) == ()
    assert disturber.reasons(()) == ()


def test_an_action_happens_at_its_second_and_is_judged(tmp_path: Path) -> None:
    """From the first progress with users on; what failed in its second is its own, and no reason for a kill."""
    mark = tmp_path / "mark"
    ordered = Disturbances(parsed([f"run touch {mark}"]))
    with disturbing(ordered, 10.0) as disturber:
        hear = disturber.watching(None)
        hear(Far(9.0, users=0))
        hear(Far(4.9))
        deadline = time.monotonic() + 20
        while not mark.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
    (account,) = disturber.accounts
    assert account.error == ""
    assert 5.0 <= account.began < 25
    tally = Tally()
    for second in range(int(account.began) + 5):
        error = "HTTP 502" if second == int(account.began) else ""
        for _ in range(30):
            tally.count(Place(0, "gateway", "r"), 10.0, error, second=Second(second, "gateway", "r"))
    (found,) = disturber.aftermaths(tally, "gateway", PROMISED, account.began + 5)
    assert (found.failed, found.requests) == (30, 30)
    assert disturber.reasons([found]) == ()
    calm = tally.without(set(found.felt)).sides({"gateway": 1.0})["gateway"].overall
    assert (calm.failures, calm.requests) == (0, 30 * (int(account.began) + 4))


def test_what_cannot_happen_is_told_before_the_load(tmp_path: Path) -> None:
    """As the errors that they are, each with its exit code."""
    store = tmp_path / "cutover.db"
    flip = Disturbances(parsed(["flip *"]), store=store)
    with pytest.raises(ConfigError), disturbing(flip, 10.0):
        pytest.fail("it began")
    open_store(store).close()
    with pytest.raises(RefusedError, match="canary or gateway"), disturbing(flip, 10.0):
        pytest.fail("it began")
    with (
        pytest.raises(UsageError, match="no pid file"),
        disturbing(Disturbances(parsed(["kill g"]), {"g": "/nowhere"}), 10.0),
    ):
        pytest.fail("it began")
    with (
        pytest.raises(UsageError, match="the load has ended by then"),
        disturbing(Disturbances(parsed(["run true at 11s"])), 10.0),
    ):
        pytest.fail("it began")


def test_a_disturber_that_is_gone_is_told() -> None:
    """What it did may not be undone: nobody calls that a passed load test."""

    def lose() -> None:
        with disturbing(Disturbances(parsed(["run true"])), 10.0) as disturber:
            process = disturber._process
            assert isinstance(process, subprocess.Popen)
            process.kill()
            process.wait()

    with pytest.raises(UnreachableError, match="no account"):
        lose()
