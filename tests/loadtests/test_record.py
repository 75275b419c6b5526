from __future__ import annotations

import json
import time
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from loadtests.account import Session
from loadtests.calls import Call, ready
from loadtests.process import Progress
from loadtests.record import PROGRESS, TALLY, Run
from loadtests.tally import Place, Tally
from tests.apps.load_target import CREDENTIALS, Target, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    """The small load target."""
    with running(tmp_path) as found:
        yield found


def run_of(target: Target, **variables: str) -> Run:
    """A run inside this process."""
    return Run({**CREDENTIALS, "CUTOVER_CONFIG": str(target.config), **variables})


def test_everybody_shares_one_session(target: Target) -> None:
    """However often a user asks, one sign-in is made."""
    run = run_of(target)
    assert len({run.session().token for _ in range(20)}) == 1
    assert target.behaviour.sign_ins == 1


def test_a_session_near_its_end_is_renewed_once(target: Target) -> None:
    """Shortly before the token ends one sign-in replaces it for all."""
    run = run_of(target)
    run.sessions._held = [Session("old", ends=time.time() + 30)]
    assert "old" not in {run.session().token for _ in range(5)}
    assert target.behaviour.sign_ins == 2


def test_calls_get_the_address_of_their_side(target: Target) -> None:
    """The gateway's address with the gateway path, the service's with the legacy path."""
    run = run_of(target, CUTOVER_LOAD_TARGET="both")
    call = ready(run.prepared.table, Call("orchestration", "/deployment/deployments"), {})
    assert call is not None
    base = f"http://127.0.0.1:{target.port}"
    assert run.address(call, "gateway") == f"{base}/api/v1/deployments"
    assert run.address(call, "legacy") == f"{base}/deployment/deployments"


def test_what_is_written_is_read_back(target: Target, tmp_path: Path) -> None:
    """The tally and the progress have the form that the parent reads; beginning again counts from zero."""
    run = run_of(target)
    run.count(run.place("lost"), 1.0, "")
    run.begin()
    run.count(run.place("auth.me"), 5.0, "")
    run.count(run.place("auth.me"), 7.0, "HTTP 503", {"first_token": 3.0})
    run.fault("TypeError: x")
    run.fault("TypeError: x")
    run.write_tally(tmp_path)
    run.write_progress(tmp_path, 3)
    tally = json.loads((tmp_path / TALLY).read_text())
    assert tally["faults"] == ["TypeError: x"]
    side = Tally.from_json(tally["tally"]).sides({"gateway": tally["elapsed"]})["gateway"]
    assert (set(side.routes), side.overall.requests, side.overall.failures) == ({"auth.me"}, 2, 1)
    assert side.overall.timings["first_token"].total == 1
    progress = Progress(**json.loads((tmp_path / PROGRESS).read_text()))
    assert (progress.users, progress.requests, progress.failures, progress.side) == (3, 2, 1, "gateway")
    assert len(fields(progress)) == 7


def test_answers_are_counted_by_their_second_too(target: Target, tmp_path: Path) -> None:
    """By side; by route only where the plan asks for it."""
    for detailed, *kept in (("", "", 0), ("1", "auth.me", 1)):
        run = run_of(target, CUTOVER_LOAD_DETAILED=detailed, CUTOVER_LOAD_SLICE="2")
        run.begin()
        run.follow(3.5, anew=True)
        run.count(run.place("auth.me"), 5.0, "HTTP 503")
        run.write_tally(tmp_path)
        (second,) = Tally.from_json(json.loads((tmp_path / TALLY).read_text())["tally"]).seconds
        assert second == (3, "gateway", *kept)


def test_the_time_under_load_stands_still_after_the_end(target: Target) -> None:
    """Requests that end after the load are counted, their seconds are not."""
    run = run_of(target)
    run.begin()
    run.end()
    ended = run.elapsed
    run.count(run.place("auth.me"), 5.0, "")
    assert (run.elapsed, run.sides()["gateway"].seconds) == (ended, ended)
    assert run.sides()["gateway"].overall.requests == 1


def test_a_follower_keeps_its_masters_time_and_session(target: Target) -> None:
    """A worker signs in nowhere, counts in the slices that its master runs, and gives every count away once."""
    run = Run({"CUTOVER_CONFIG": str(target.config), "CUTOVER_LOAD_TARGET": "both"}, follows=True)
    run.sessions.share(["told"])
    run.follow(5.5, anew=True)
    run.begin()
    assert run.session().token == "told"
    assert run.place("auth.me") == Place(1, "gateway", "auth.me")
    run.count(run.place("auth.me"), 5.0, "")
    run.fault("TypeError: x")
    taken, faults, _ = run.take()
    assert (list(taken.counts), faults) == ([Place(1, "gateway", "auth.me")], ["TypeError: x"])
    assert run.take() == (Tally(), [], {})
    assert target.behaviour.sign_ins == 0


def test_a_master_adds_up_and_tells_what_it_lost(target: Target, tmp_path: Path) -> None:
    """Workers' tallies are one sum, and what was lost stands in the document."""
    master = run_of(target)
    master.begin()
    for _ in range(2):
        tally = Tally()
        tally.count(Place(0, "gateway", "auth.me"), 5.0)
        master.add(tally)
    master.lose("worker b was lost")
    master.write_tally(tmp_path)
    assert master.sides()["gateway"].routes["auth.me"].requests == 2
    assert json.loads((tmp_path / TALLY).read_text())["lost"] == ["worker b was lost"]
