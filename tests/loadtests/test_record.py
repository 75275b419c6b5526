from __future__ import annotations

import json
import time
from dataclasses import fields
from typing import TYPE_CHECKING

import pytest

from loadtests.account import Session
from loadtests.pages import Call, ready
from loadtests.process import Progress
from loadtests.record import PROGRESS, TALLY, Run
from loadtests.results import SideFigures
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
    run._session = Session("old", ends=time.time() + 30)
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
    run.count("gateway", "lost", 1.0, "")
    run.begin()
    run.count("gateway", "auth.me", 5.0, "")
    run.count("gateway", "auth.me", 7.0, "HTTP 503")
    run.fault("TypeError: x")
    run.fault("TypeError: x")
    run.write_tally(tmp_path)
    run.write_progress(tmp_path, 3)
    tally = json.loads((tmp_path / TALLY).read_text())
    assert tally["faults"] == ["TypeError: x"]
    side = SideFigures.from_json(tally["sides"]["gateway"])
    assert (set(side.routes), side.overall.requests, side.overall.failures) == ({"auth.me"}, 2, 1)
    progress = Progress(**json.loads((tmp_path / PROGRESS).read_text()))
    assert (progress.users, progress.requests, progress.failures, progress.side) == (3, 2, 1, "gateway")
    assert len(fields(progress)) == 7


def test_error_texts_are_bounded(target: Target) -> None:
    """A thousand different texts do not fill the memory, and none of the errors is lost."""
    run = run_of(target)
    for number in range(1000):
        run.count("gateway", "auth.me", 1.0, f"error {number} " + "x" * 500)
    errors = run.sides()["gateway"].routes["auth.me"].errors
    assert len(errors) <= 51
    assert sum(errors.values()) == 1000
    assert max(len(text) for text in errors) <= 120
