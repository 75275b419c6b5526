"""Streams of arrivals: what a persona does, begun when it is due, whatever became of the earlier ones."""

from __future__ import annotations

import itertools
import random
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, cast

import gevent
from gevent.event import Event
from gevent.pool import Group

from loadtests.arrival import Timetable, phase_of
from loadtests.calls import ready
from loadtests.users.dashboard import DashboardUser
from loadtests.users.platform_user import PlatformUser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.calls import Call
    from loadtests.tally import Place

_UNANSWERED = "no answer when the load ended"
_TRIES = 200
"""Calls that are looked at for one whose variables are known."""
_LINGER = 1.5
"""Seconds that calls under way get when the stream ends."""


class Arrivals(PlatformUser):
    """One of the streams that make up `--rate`; latencies count from the moment a call was due."""

    abstract = True
    numbers: ClassVar[Iterator[int]] = itertools.count()
    prepared: ClassVar[Event]
    first: ClassVar[list[Any]]

    def __init__(self, environment: object) -> None:
        super().__init__(environment)
        worker = getattr(self.environment.runner, "worker_index", 0)
        self._timetable = Timetable(1 / self.load.plan.quantum, phase_of(next(self.numbers), worker))
        self._under_way = Group()
        self._due = 0.0

    def on_start(self) -> None:
        """The first stream of its kind learns what the persona has to know; the others share it."""
        if not self.first:
            self.first.append(self)
            try:
                super().on_start()
            finally:
                self.prepared.set()
        self.prepared.wait()
        for name in ("known", "streams"):
            if hasattr(self.first[0], name):
                setattr(self, name, getattr(self.first[0], name))
        self._due = self.load.elapsed

    def wait_time(self) -> float:
        """Arrivals wait for their own time only."""
        return 0.0

    def arrive(self) -> None:
        """Wait until the next arrival is due and begin it, without waiting for its end."""
        self._due = self._timetable.after(self._due)
        gevent.sleep(max(0.0, self._due - self.load.elapsed))
        if self.load.under_load:
            arrival = gevent.Greenlet(self.one)
            arrival.due = self._due
            self._under_way.start(arrival)

    def one(self) -> None:
        """What one arrival does: one task of the persona."""
        raise NotImplementedError

    @contextmanager
    def sent(self, method: str, address: str, place: Place, *, counted: bool = True, **options: Any) -> Iterator[Any]:
        """As any request; the first of an arrival counts from when that was due, also if it is never answered."""
        current = gevent.getcurrent()
        due, current.due = getattr(current, "due", None), None
        late = 0.0 if due is None else max(0.0, self.load.elapsed - due)
        began = self.load.elapsed - late
        try:
            with super().sent(method, address, place, counted=counted, **options) as response:
                yield response
                response.request_meta["response_time"] += late * 1000
        except gevent.GreenletExit:
            if counted:
                self.load.count(place, (self.load.elapsed - began) * 1000, _UNANSWERED)
            raise

    def on_stop(self) -> None:
        """What is still under way gets a moment, then counts as unanswered."""
        try:
            self._under_way.join(timeout=_LINGER)
        finally:
            self._under_way.kill()
            super().on_stop()


class _Pages(Arrivals, DashboardUser):
    """The calls of the dashboard's pages one by one: an arrival is a request."""

    abstract = True

    def __init__(self, environment: object) -> None:
        super().__init__(environment)
        self._calls = self._deck()

    def one(self) -> None:
        """The next call whose variables are known."""
        variables = self.variables()
        for call in itertools.islice(self._calls, _TRIES):
            if ready(self.load.prepared.table, call, variables) is not None:
                self.ask(call, variables)
                return

    def _deck(self) -> Iterator[Call]:
        while True:
            page = random.choices(self.choices, [page.weight for page in self.choices])[0]
            yield from (call for wave in page.waves for call in wave)


def arriving(persona: type[PlatformUser]) -> type[Arrivals]:
    """The persona's streams of arrivals, with its weight."""
    task = persona.tasks[0]
    bases = (_Pages,) if persona is DashboardUser else (Arrivals, persona)
    own: dict[str, Any] = {
        "abstract": False,
        "weight": persona.weight,
        "prepared": Event(),
        "first": [],
    }
    if persona is not DashboardUser:
        own["one"] = task
    made: Any = type(f"{persona.__name__}Arrivals", bases, own)
    # Named in the class itself they would be added to the persona's own.
    made.tasks = [Arrivals.arrive]
    return cast("type[Arrivals]", made)
