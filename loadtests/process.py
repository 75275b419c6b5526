"""Runs a load test in a child process and judges it; locust patches gevent on import, so never in ours."""

from __future__ import annotations

import json
import math
import os
import secrets
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.core.errors import CutoverError, UnreachableError
from loadtests.account import PASSWORD, TOKEN, TOTP_SECRET, USERNAME, accounts
from loadtests.calls import PREFIX
from loadtests.conclude import conclude
from loadtests.during.disturb import disturbing
from loadtests.ledger import run_prefix, still_open
from loadtests.locust_process import LocustProcess
from loadtests.plan import to_environment
from loadtests.prepare import Prepared, prepare
from loadtests.record import PROGRESS, TALLY, nothing
from loadtests.runners import refuse_taken, worker_arguments
from loadtests.sessions import Sessions
from loadtests.shapes import Shape
from loadtests.sweep import sweep_all
from loadtests.targets import reach

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from loadtests.cleaning import Cleaned
    from loadtests.during.order import Disturbances
    from loadtests.plan import LoadPlan
    from loadtests.results import LoadResult

_LOOK = 0.1
_GRACE = 20.0
"""Seconds the child gets to end after it was asked to, and beyond the run time before it is asked."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: seconds, users, counts, requests a second and the 95th percentile in milliseconds so far."""

    elapsed: float
    users: int
    requests: int
    failures: int
    rps: float
    p95_ms: float
    side: str


def run(
    plan: LoadPlan,
    *,
    environment: Mapping[str, str] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
    during: Disturbances | None = None,
) -> LoadResult:
    """Run the plan to its end, or until `stop` is set, which gives a partial result; then judge it.

    Credentials come from `environment` (default: the process's): CUTOVER_LOAD_TOKEN, or CUTOVER_LOAD_USERNAME with
    CUTOVER_LOAD_PASSWORD and, where the account needs it, CUTOVER_LOAD_TOTP_SECRET. One sign-in is made per run.
    What is to happen `during` the load has been undone when this returns.

    Raises:
        UsageError: a host is neither configured, nor loopback, nor owned; or a port that is asked for is taken.
        ConfigError: credentials are missing or wrong, or the route table is broken.
        UnreachableError: a target does not answer.
        RefusedError: nothing of the persona can be called on this target.
    """
    variables = dict(os.environ if environment is None else environment)
    plan = replace(plan, workload=replace(plan.workload, run=secrets.token_hex(4)), detailed=during is not None)
    prepared = prepare(plan, variables)
    refuse_taken(plan.runners)
    reach(prepared.bases)
    shared = _shared_sessions(prepared, variables)
    started, stop = time.time(), stop or threading.Event()
    with tempfile.TemporaryDirectory(prefix="cutover-load-") as directory:
        tally: dict[str, Any] = {}
        try:
            with disturbing(during, plan.run_time) as disturber:
                child = _Child(plan, Path(directory), {**variables, **shared})
                tally = child.follow(disturber.watching(on_progress), stop)
        finally:
            left = _left_behind(prepared, _renewable(variables, shared), Path(directory), tally)
    return conclude(prepared, started, {**tally, "left": left, "stopped": stop.is_set()}, disturber)


def _renewable(variables: Mapping[str, str], shared: Mapping[str, str]) -> dict[str, str]:
    """Sessions that were signed in for, and the accounts to do so again when they have ended."""
    return {**variables, **{name: value for name, value in shared.items() if value}}


def clean(plan: LoadPlan, environment: Mapping[str, str] | None = None) -> Cleaned:
    """Delete what load tests left on the platform, of whatever run: everything whose name begins as they name things.

    Raises:
        UsageError, ConfigError, UnreachableError, RefusedError: as `run` does.
    """
    variables = dict(os.environ if environment is None else environment)
    prepared = prepare(replace(plan, workload=replace(plan.workload, writes=True)), variables)
    return sweep_all(prepared, Sessions(prepared, variables).all(), (), PREFIX)


def _left_behind(
    prepared: Prepared, variables: Mapping[str, str], directory: Path, tally: Mapping[str, Any]
) -> tuple[str, ...]:
    """What the run made and nobody deleted, after one more try where the child did not get to it."""
    cleaned = tally.get("cleaned")
    if not prepared.creates or (cleaned is not None and not cleaned["left"]):
        return ()
    try:
        sessions = Sessions(prepared, variables).all()
    except CutoverError as error:
        return (f"what the run made could not be looked for: {error}",)
    return sweep_all(prepared, sessions, still_open(directory), run_prefix(prepared.plan.workload.run)).left


def _shared_sessions(prepared: Prepared, variables: Mapping[str, str]) -> dict[str, str]:
    """The one sign-in of the run for each account. Passwords reach the child only if a token ends before the run."""
    out: dict[str, str] = {}
    found = zip(accounts(variables), Sessions(prepared, variables).all(), strict=True)
    for ending, session in ((ending, session) for (ending, _), session in found if session.token):
        out[TOKEN + ending] = session.token
        if session.fresh(time.time() + prepared.plan.run_time):
            out |= {name + ending: "" for name in (USERNAME, PASSWORD, TOTP_SECRET)}
    return out


class _Child:
    """The locust that leads, and the workers of this machine that it does not fork itself."""

    def __init__(self, plan: LoadPlan, directory: Path, variables: Mapping[str, str]) -> None:
        self._plan, self._directory = plan, directory
        self._told: Progress | None = None
        self._log = (directory / "locust.log").open("w+b")
        environment = {**variables, **to_environment(plan, directory)}
        self._process = LocustProcess(_arguments(plan), environment, self._log)
        worker = worker_arguments("127.0.0.1", plan.runners.port)
        self._workers = [LocustProcess(worker, environment, self._log) for _ in range(plan.runners.here)]

    def follow(self, on_progress: Callable[[Progress], None] | None, stop: threading.Event) -> dict[str, Any]:
        """Wait for the end and return the tally; whatever happens, no child is left behind."""
        deadline = time.monotonic() + math.ceil(self._plan.run_time) + _GRACE + self._plan.runners.patience
        try:
            while not self._process.ended and time.monotonic() < deadline:
                if stop.wait(_LOOK):
                    break
                self._tell(on_progress)
        finally:
            self._process.end(_GRACE)
            for worker in self._workers:
                worker.end(_GRACE)
        try:
            tally: dict[str, Any] = json.loads((self._directory / TALLY).read_text())
        except FileNotFoundError:
            if stop.is_set() and not self._began:
                return nothing(self._plan.slice_length)
            raise UnreachableError(f"the load test gave no result ({self._process.last_words()})") from None
        else:
            if self._process.returncode:
                tally["faults"].append(self._process.last_words())
        finally:
            self._log.close()
        return tally

    @property
    def _began(self) -> bool:
        """Whether locust was under load, and not still starting."""
        with suppress(OSError):
            return bool(json.loads((self._directory / PROGRESS).read_text())["elapsed"])
        return False

    def _tell(self, on_progress: Callable[[Progress], None] | None) -> None:
        with suppress(OSError):
            progress = Progress(**json.loads((self._directory / PROGRESS).read_text()))
            if on_progress and progress != self._told:
                self._told = progress
                on_progress(progress)


def _arguments(plan: LoadPlan) -> list[str]:
    shaped = plan.rate or plan.shape is not Shape.STEADY
    options = {
        "--users": None if shaped else plan.users,
        "--spawn-rate": None if shaped else plan.spawn_rate,
        "--run-time": None if shaped else f"{math.ceil(plan.run_time)}s",
        "--stop-timeout": 2,
        "--exit-code-on-error": 0,
        "--loglevel": "WARNING",
        "--html": plan.outputs.html and plan.outputs.html.absolute(),
        "--csv": plan.outputs.csv and plan.outputs.csv.absolute(),
    }
    given = [text for name, value in options.items() if value is not None for text in (name, str(value))]
    return [*plan.runners.arguments(), "--only-summary", *given]
