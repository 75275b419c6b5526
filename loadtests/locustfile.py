"""The locust file: `cutover loadtest run` starts it, and plain `locust -f loadtests/locustfile.py` works too."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import gevent
from locust import events
from locust.runners import WorkerRunner

from gateway.core.errors import CutoverError
from loadtests.fence import fenced, raise_around
from loadtests.record import Run
from loadtests.users.dashboard import DashboardUser
from loadtests.workers import attach

__all__ = ["DashboardUser"]

_DIRECTORY = os.environ.get("CUTOVER_LOAD_DIRECTORY", "")
_INTERVAL = 0.25
_IMPORTER, _STARTER = os.getpid(), os.getppid()
"""Locust forks its workers after this import, so in them the importer is the master."""


def _prepare(environment: Any, **_: Any) -> None:
    try:
        run = Run(os.environ, follows=isinstance(environment.runner, WorkerRunner))
    except CutoverError as error:
        sys.stderr.write(f"cutover: {error}\n")
        sys.exit(error.exit_code)
    environment.cutover = run
    raise_around(fenced(run.prepared), run.fault)
    environment.host = environment.host or next(iter(run.prepared.bases.values()))
    _listen(environment, run)
    if _DIRECTORY or (environment.parsed_options and environment.parsed_options.processes):
        gevent.spawn(_outlive_nobody, environment)
    if _DIRECTORY and not isinstance(environment.runner, WorkerRunner):
        gevent.spawn(_report, environment, run, Path(_DIRECTORY))
    # The loop's clock stood while the table was read; the run time would be counted from before that.
    gevent.get_hub().loop.update_now()


def _listen(environment: Any, run: Run) -> None:
    """Ours come in this order: begin, then what a master tells its workers; what workers tell last, then the file."""
    environment.events.request.add_listener(_counter(run))
    environment.events.user_error.add_listener(_fault(run))
    environment.events.test_start.add_listener(lambda **_: run.begin())
    environment.events.test_stopping.add_listener(lambda **_: run.end())
    attach(environment, run)
    if _DIRECTORY and not isinstance(environment.runner, WorkerRunner):
        environment.events.test_stop.add_listener(lambda **_: run.write_tally(Path(_DIRECTORY)))


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
