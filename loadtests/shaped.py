"""Locust's side of a load's course: which users there are, and how many of them at each moment."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, Any

import gevent
from locust import LoadTestShape
from locust.runners import MasterRunner, WorkerRunner

from gateway.core.objectives import Aim
from loadtests.climb import Climb, Pace
from loadtests.promises import promises
from loadtests.shapes import Shape
from loadtests.users.arrivals import arriving

if TYPE_CHECKING:
    from loadtests.record import Run

_LAG = 1.5
"""Seconds that workers' counts may take to reach their master."""
_AT_ONCE = 1000.0
_TICK = 1.0
"""Seconds between two questions of locust's."""


def arrange(environment: Any, run: Run) -> None:
    """Put streams of arrivals in the place of users, and a course in that of a constant number, where asked for."""
    if run.plan.rate:
        environment.user_classes[:] = [arriving(persona) for persona in environment.user_classes]
    if (run.plan.rate or run.plan.shape is not Shape.STEADY) and not isinstance(environment.runner, WorkerRunner):
        lag = _LAG if isinstance(environment.runner, MasterRunner) else 0.0
        environment.shape_class = _Shape(run, lag)
        environment.shape_class.runner = environment.runner
        if environment.parsed_options and environment.parsed_options.headless:
            # Locust listens for it only after a headless run of a shape has ended.
            gevent.signal_handler(signal.SIGTERM, environment.runner.quit)


class _Shape(LoadTestShape):  # type: ignore[misc]  # its package is not followed
    """Asked once a second how many users there are to be."""

    def __init__(self, run: Run, lag: float) -> None:
        super().__init__()
        self._run, self._climb = run, None
        if run.plan.shape is Shape.KNEE:
            promised = promises(run.prepared.table, run.prepared.routes, run.plan.objectives)
            bounds = [promise.bounds.get(Aim.P95, 0.0) for promise in promised.values()]
            lag += min(max(bounds, default=0.0), run.plan.step_length)
            pace = Pace(run.plan.step_length, run.plan.quantum, lag, arrivals=bool(run.plan.rate))
            self._climb = Climb(run.plan.search, pace, promised, run.series)

    def tick(self) -> tuple[int, float] | None:
        """Users, and how many of them start a second; None ends the load."""
        elapsed = self._run.elapsed if self._run.under_load else 0.0
        left = self._run.plan.run_time - elapsed
        if left < _TICK:
            # Locust asks again in a second only, and the load would go on until then.
            gevent.sleep(max(0.0, left))
            elapsed = self._run.plan.run_time
        level = self._run.plan.course.at(elapsed)
        if level is not None and self._climb is not None:
            level = self._climb.at(elapsed)
            self._run.steps = self._climb.steps
        if level is None:
            self._run.ended_itself = True
            return None
        users = max(1, round(level / self._run.plan.quantum))
        at_once = self._run.plan.rate or self._run.plan.shape in {Shape.SPIKE, Shape.KNEE}
        # It is the rate at which users go, too.
        return users, _AT_ONCE if at_once else self._run.plan.spawn_rate
