"""A stream of arrivals: calls of the dashboard's pages, sent when they are due, whatever became of earlier ones."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, ClassVar

import gevent
from gevent.pool import Group

from loadtests.arrival import Timetable, phase_of
from loadtests.pages import ready, time_range
from loadtests.users.dashboard import DashboardUser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.pages import Call

_UNANSWERED = "no answer when the load ended"
_TRIES = 200
"""Calls that are looked at for one whose variables are known."""
_LINGER = 1.5
"""Seconds that calls under way get when the stream ends."""


class ArrivalUser(DashboardUser):
    """One of the streams that make up `--rate`; latencies count from the moment a call was due."""

    _numbers: ClassVar[Iterator[int]] = itertools.count()
    _learned: ClassVar[dict[str, tuple[str, ...]]] = {}

    def __init__(self, environment: object) -> None:
        super().__init__(environment)
        number, worker = next(self._numbers), getattr(self.environment.runner, "worker_index", 0)
        self._first = number == 0
        self._timetable = Timetable(1 / self.load.plan.quantum, phase_of(number, worker))
        self._calls, self._under_way = self._deck(), Group()
        self._due = 0.0
        self.known = self._learned

    def on_start(self) -> None:
        """The first stream of a process asks what every first page asks for; all share what is learned."""
        if self._first:
            super().on_start()
        self._due = self.load.elapsed

    def wait_time(self) -> float:
        """Arrivals wait for their own time only."""
        return 0.0

    def browse(self) -> None:
        """Wait until the next call is due and send it, without waiting for its answer."""
        self._due = self._timetable.after(self._due)
        gevent.sleep(max(0.0, self._due - self.load.elapsed))
        if self.load.under_load:
            self._under_way.spawn(self._sent, self._due)

    def on_stop(self) -> None:
        """What is still under way gets a moment, then counts as unanswered."""
        try:
            self._under_way.join(timeout=_LINGER)
        finally:
            self._under_way.kill()

    def _sent(self, due: float) -> None:
        variables = {name: random.choice(values) for name, values in self.known.items()}
        for call in itertools.islice(self._calls, _TRIES):
            try:
                if self.send(call, variables, due):
                    return
            except gevent.GreenletExit:
                self._unanswered(call, variables, due)
                raise

    def _unanswered(self, call: Call, variables: dict[str, str], due: float) -> None:
        prepared = ready(self.load.prepared.table, call, {**time_range(0.0), **variables})
        if prepared is not None:
            waited = (self.load.elapsed - due) * 1000
            self.load.count(self.load.place(prepared.route.id, due), waited, _UNANSWERED)

    def _deck(self) -> Iterator[Call]:
        """The calls of pages chosen by weight, one after the other."""
        while True:
            page = random.choices(self.choices, [page.weight for page in self.choices])[0]
            yield from (call for wave in page.waves for call in wave)


ArrivalUser.tasks = [ArrivalUser.browse]
