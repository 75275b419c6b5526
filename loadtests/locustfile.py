"""The locust file: `cutover loadtest run` starts it, and plain `locust -f loadtests/locustfile.py` works too."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gevent
from locust import events
from locust.runners import WorkerRunner

from gateway.core.errors import CutoverError
from loadtests.fence import fenced, raise_around
from loadtests.personas import MIXED, PERSONAS
from loadtests.plan import from_environment
from loadtests.prepare import prepare
from loadtests.record import TALLY, Run
from loadtests.shaped import arrange
from loadtests.users.api_client import ApiClient
from loadtests.users.dashboard import DashboardUser
from loadtests.users.log_watcher import LogWatcher
from loadtests.users.mixed import MixedUser
from loadtests.users.node import Node
from loadtests.users.uploader import Uploader
from loadtests.workers import attach, told_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ApiClient", "DashboardUser", "LogWatcher", "MixedUser", "Node", "Uploader"]

_DIRECTORY = os.environ.get("CUTOVER_LOAD_DIRECTORY", "")
_INTERVAL = 0.25
_IMPORTER, _STARTER = os.getpid(), os.getppid()
"""Locust forks its workers after this import, so in them the importer is the master."""


def _prepare(environment: Any, **_: Any) -> None:
    follows = isinstance(environment.runner, WorkerRunner)
    try:
        run = Run({**os.environ, **(_told(environment) if follows else {})}, follows=follows)
    except CutoverError as error:
        sys.stderr.write(f"cutover: {error}\n")
        sys.exit(error.exit_code)
    environment.cutover = run
    raise_around(fenced(run.prepared), run.fault)
    _weigh(environment, run.prepared.personas)
    environment.host = environment.host or next(iter(run.prepared.bases.values()))
    _listen(environment, run)
    arrange(environment, run)
    if _DIRECTORY or (environment.parsed_options and environment.parsed_options.processes):
        gevent.spawn(_outlive_nobody, environment)
    if _DIRECTORY and not isinstance(environment.runner, WorkerRunner):
        gevent.spawn(_report, environment, run, Path(_DIRECTORY))
    # The loop's clock stood while the table was read; the run time would be counted from before that.
    gevent.get_hub().loop.update_now()


def _told(environment: Any) -> dict[str, str]:
    """A worker that locust forked, or that our command started here, has the plan; one elsewhere asks its master."""
    if _DIRECTORY or environment.parsed_options.processes:
        return {}
    plan = from_environment(os.environ)
    return told_plan(environment, prepare(plan, os.environ).digest)


def _weigh(environment: Any, weights: Mapping[str, int]) -> None:
    """Only the personas of this run get users, by their weight."""
    users = {PERSONAS[name].user if name != MIXED else MixedUser.__name__: weight for name, weight in weights.items()}
    chosen = [user for user in environment.user_classes if user.__name__ in users]
    for user in chosen:
        user.weight = users[user.__name__]
    environment.user_classes[:] = chosen


def _listen(environment: Any, run: Run) -> None:
    """Ours come in this order: begin, then what a master tells its workers; what workers tell last, then the file."""
    environment.events.request.add_listener(_counter(run))
    environment.events.user_error.add_listener(_fault(run))
    environment.events.test_start.add_listener(lambda **_: run.begin())
    environment.events.test_stopping.add_listener(lambda **_: run.end())
    attach(environment, run)
    if not isinstance(environment.runner, WorkerRunner):
        environment.events.test_stop.add_listener(lambda **_: _settle(run))
        environment.events.quit.add_listener(lambda **_: _leave(run))


def _settle(run: Run) -> None:
    """The figures first: should cleaning take longer than we are given, they are there all the same."""
    if _DIRECTORY:
        run.write_tally(Path(_DIRECTORY))
    run.clean()
    if _DIRECTORY:
        run.write_tally(Path(_DIRECTORY))


def _leave(run: Run) -> None:
    """A locust that is ended while it stops, or while its workers go, does not say that the load has stopped."""
    if _DIRECTORY and run.elapsed and not (Path(_DIRECTORY) / TALLY).exists():
        run.write_tally(Path(_DIRECTORY))


def _counter(run: Run) -> Any:
    def count(*, context: dict[str, Any], response_time: float, exception: object, **_: Any) -> None:
        if "place" in context:
            run.count(context["place"], response_time, str(exception or ""), context.get("timings"))

    return count


def _fault(run: Run) -> Any:
    def keep(*, exception: object, **_: Any) -> None:
        run.fault(f"{type(exception).__name__}: {exception}")

    return keep


def _report(environment: Any, run: Run, directory: Path) -> None:
    while True:
        gevent.sleep(_INTERVAL)
        run.write_progress(directory, environment.runner.user_count)


def _outlive_nobody(environment: Any) -> None:
    """Whoever started the load, or forked this worker, may be killed: nobody else would end it then."""
    parent = _STARTER if os.getpid() == _IMPORTER else _IMPORTER
    while os.getppid() == parent:
        gevent.sleep(_INTERVAL)
    environment.runner.quit()


events.init.add_listener(_prepare)
