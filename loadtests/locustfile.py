"""The locust file: `cutover loadtest run` starts it, and plain `locust -f loadtests/locustfile.py` works too."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import gevent
from locust import events

from gateway.core.errors import CutoverError
from loadtests.record import Run
from loadtests.users.dashboard import DashboardUser

__all__ = ["DashboardUser"]

_DIRECTORY = os.environ.get("CUTOVER_LOAD_DIRECTORY", "")
_INTERVAL = 0.25


def _prepare(environment: Any, **_: Any) -> None:
    try:
        run = Run(os.environ)
    except CutoverError as error:
        sys.stderr.write(f"cutover: {error}\n")
        sys.exit(error.exit_code)
    environment.cutover = run
    environment.events.request.add_listener(_counter(run))
    environment.events.user_error.add_listener(_fault(run))
    environment.host = environment.host or next(iter(run.prepared.bases.values()))
    if _DIRECTORY:
        gevent.spawn(_report, environment, run, Path(_DIRECTORY))
    # The loop's clock stood while the table was read; the run time would be counted from before that.
    gevent.get_hub().loop.update_now()


def _begin(environment: Any, **_: Any) -> None:
    environment.cutover.begin()


def _keep(environment: Any, **_: Any) -> None:
    if _DIRECTORY:
        environment.cutover.write_tally(Path(_DIRECTORY))


def _counter(run: Run) -> Any:
    def count(*, context: dict[str, str], response_time: float, exception: object, **_: Any) -> None:
        if "route" in context:
            run.count(context["side"], context["route"], response_time, str(exception) if exception else "")

    return count


def _fault(run: Run) -> Any:
    def keep(*, exception: object, **_: Any) -> None:
        run.fault(f"{type(exception).__name__}: {exception}")

    return keep


def _report(environment: Any, run: Run, directory: Path) -> None:
    parent = os.getppid()
    while True:
        gevent.sleep(_INTERVAL)
        run.write_progress(directory, environment.runner.user_count)
        if os.getppid() != parent:
            # Whoever started the load is gone: nobody would end it.
            environment.runner.quit()
            return


events.init.add_listener(_prepare)
events.test_start.add_listener(_begin)
events.test_stop.add_listener(_keep)
