"""Runs a load test in a child process and judges it; locust patches gevent on import, so never in ours."""

from __future__ import annotations

import json
import math
import os
import platform
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.core.digest import route_digest
from gateway.core.errors import UnreachableError
from gateway.settings import INTERNAL_KEY, JWT_SECRET
from loadtests.account import PASSWORD, TOKEN, TOTP_SECRET, USERNAME, sign_in
from loadtests.during.disturb import disturbing
from loadtests.judge import judge
from loadtests.plan import to_environment
from loadtests.prepare import Prepared, prepare
from loadtests.record import DETAILED, PROGRESS, TALLY
from loadtests.results import LoadResult
from loadtests.slices import seconds_each
from loadtests.tally import Tally
from loadtests.targets import reach
from loadtests.timeline import timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from loadtests.during.disturb import Disturber
    from loadtests.during.order import Disturbances
    from loadtests.plan import LoadPlan

_LOCUSTFILE = Path(__file__).with_name("locustfile.py")
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
        UsageError: a host is neither configured, nor loopback, nor owned.
        ConfigError: credentials are missing or wrong, or the route table is broken.
        UnreachableError: a target does not answer.
        RefusedError: nothing of the persona can be called on this target.
    """
    variables = dict(os.environ if environment is None else environment)
    prepared = prepare(plan, variables)
    reach(prepared.bases)
    variables = {**variables, **_shared_session(prepared, variables)}
    started = time.time()
    with (
        disturbing(during, plan.run_time) as disturber,
        tempfile.TemporaryDirectory(prefix="cutover-load-") as directory,
    ):
        child = _Child(plan, Path(directory), variables | ({DETAILED: "1"} if during else {}))
        tally = child.follow(disturber.watching(on_progress), stop or threading.Event())
    return _result(prepared, started, tally, disturber)


def _shared_session(prepared: Prepared, variables: Mapping[str, str]) -> dict[str, str]:
    """The one sign-in of the run. The child gets the password only if the token ends before the run does."""
    if not prepared.needs_account and not variables.get(TOKEN):
        return {}
    session = sign_in(variables, prepared.table, prepared.bases, prepared.sign_in_side)
    if session.fresh(time.time() + prepared.plan.run_time):
        return {TOKEN: session.token, USERNAME: "", PASSWORD: "", TOTP_SECRET: ""}
    return {TOKEN: session.token}


class _Child:
    """The locust process; it leads its own process group, so that Ctrl-C at the terminal reaches only us."""

    def __init__(self, plan: LoadPlan, directory: Path, variables: Mapping[str, str]) -> None:
        self._plan, self._directory = plan, directory
        self._told: Progress | None = None
        self._log = (directory / "locust.log").open("w+b")
        self._process = subprocess.Popen(
            _arguments(plan),
            env={**_kept(variables), **to_environment(plan, directory)},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def follow(self, on_progress: Callable[[Progress], None] | None, stop: threading.Event) -> dict[str, Any]:
        """Wait for the end and return the tally; whatever happens, no child is left behind."""
        deadline = time.monotonic() + math.ceil(self._plan.run_time) + _GRACE
        try:
            while self._process.poll() is None and time.monotonic() < deadline:
                if stop.wait(_LOOK):
                    break
                self._tell(on_progress)
        finally:
            self._end()
        try:
            tally: dict[str, Any] = json.loads((self._directory / TALLY).read_text())
        except FileNotFoundError:
            raise UnreachableError(f"the load test gave no result ({self._last_words()})") from None
        else:
            if self._process.returncode:
                tally["faults"].append(self._last_words())
        finally:
            self._log.close()
        return tally

    def _tell(self, on_progress: Callable[[Progress], None] | None) -> None:
        with suppress(OSError):
            progress = Progress(**json.loads((self._directory / PROGRESS).read_text()))
            if on_progress and progress != self._told:
                self._told = progress
                on_progress(progress)

    def _end(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return f"locust ended with {self._process.returncode}: {lines[-1].strip() if lines else 'no word'}"


def _kept(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would configure locust behind our back, and without secrets it has no use for."""
    kept = {
        name: value
        for name, value in variables.items()
        if not name.startswith("LOCUST_") and name not in {JWT_SECRET, INTERNAL_KEY}
    }
    kept["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_LOCUSTFILE.parent.parent), kept.get("PYTHONPATH")]))
    return kept


def _arguments(plan: LoadPlan) -> list[str]:
    options = {
        "--users": plan.users,
        "--spawn-rate": plan.spawn_rate,
        "--run-time": f"{math.ceil(plan.run_time)}s",
        "--stop-timeout": 2,
        "--exit-code-on-error": 0,
        "--loglevel": "WARNING",
        "--html": plan.outputs.html and plan.outputs.html.absolute(),
        "--csv": plan.outputs.csv and plan.outputs.csv.absolute(),
    }
    given = [text for name, value in options.items() if value is not None for text in (name, str(value))]
    return [sys.executable, "-m", "locust", "-f", str(_LOCUSTFILE), "--headless", "--only-summary", *given]


def _result(prepared: Prepared, started: float, tally: Mapping[str, Any], disturber: Disturber) -> LoadResult:
    plan = prepared.plan
    seconds = seconds_each(tally["elapsed"], plan.sides, tally["slice"])
    counted = Tally.from_json(tally["tally"])
    sides = counted.sides(seconds)
    disturbed = disturber.aftermaths(counted, plan, tally["elapsed"])
    calm = counted.sides(seconds, without={second for one in disturbed for second in one.felt})
    called = {route for side in sides.values() for route in side.routes}
    silent = [route.id for route in prepared.routes if route.id not in called]
    partial = tally["elapsed"] < plan.run_time - 0.5
    faults = (*(f"the persona failed: {text}" for text in tally["faults"]), *tally["lost"])
    reasons = (*faults, *judge(calm, plan.objectives), *disturber.reasons(disturbed))
    return LoadResult(
        id=f"load-{time.strftime('%Y%m%d-%H%M%S', time.gmtime(started))}-{secrets.token_hex(2)}",
        started=started,
        target=plan.target,
        users=plan.users,
        run_time=plan.run_time,
        spawn_rate=plan.spawn_rate,
        version=__version__,
        hosts=dict(prepared.bases),
        environment={"cpus": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        digests={
            route.id: route_digest(prepared.table, route, __version__)
            for route in prepared.routes
            if route.id in called
        },
        sides=sides,
        objectives=asdict(plan.objectives),
        reasons=(f"ended after {tally['elapsed']:.0f} of {plan.run_time:.0f} s", *reasons) if partial else reasons,
        notes=(f"not called in this run: {', '.join(silent)}",) if silent else (),
        left_out=plan.left_out,
        partial=partial,
        disturbances=tuple(one.to_json() for one in disturbed),
        timeline=timeline(counted),
    )
