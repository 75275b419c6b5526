"""What a master and its workers tell each other: clock and session downwards, tallies upwards.

Locust's own statistics travel as they always do; ours go beside them, since locust's know no slices and no sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gevent
from locust.runners import STATE_MISSING, MasterRunner, WorkerRunner

from gateway.core.errors import UnreachableError, UsageError
from loadtests.plan import shared
from loadtests.tally import Tally

if TYPE_CHECKING:
    from loadtests.record import Run

_ASK = "cutover-ask"
_PLAN = "cutover-plan"
_CLOCK = "cutover-clock"
_FINISH = "cutover-finish"
_COUNTED = "cutover-counted"
_TELL_EVERY = 0.5
_COUNT_EVERY = 0.5
"""Seconds between two tellings; a worker that is lost takes no more figures with it than these."""
_LINGER = 2000
"""Milliseconds that a worker's last words get to leave."""
_ANSWER = 1.0
_ASKED = 30
"""How often a worker asks its master for the plan, and for how many seconds each time."""
_PATIENCE = 3.0
"""Seconds beyond the stop timeout that the master waits for a worker's last figures."""


def attach(environment: Any, run: Run) -> None:
    """Connect the run with its master or workers, whichever this process has; alone it needs neither."""
    if isinstance(environment.runner, MasterRunner):
        _Leader(environment, run)
    elif isinstance(environment.runner, WorkerRunner):
        _Follower(environment, run)


def told_plan(environment: Any, digest: str) -> dict[str, str]:
    """The plan that this worker's master follows, as variables; the worker reads its own route table.

    Raises:
        UsageError: the master's route table is another one.
        UnreachableError: the master has no plan, so it is no load test of ours.
    """
    told: list[dict[str, Any]] = []
    environment.runner.register_message(_PLAN, lambda msg, **_: told.append(msg.data))
    for _ in range(_ASKED):
        environment.runner.send_message(_ASK, {})
        with gevent.Timeout(_ANSWER, exception=False):
            while not told:
                gevent.sleep(0.02)
        if told:
            break
    if not told:
        raise UnreachableError("the master has told no plan; start it with `cutover loadtest run --expect-workers N`")
    if told[0]["digest"] != digest:
        raise UsageError("the master has another route table; give this worker the same one with --config")
    return {str(name): str(value) for name, value in told[0]["plan"].items()}


class _Leader:
    """In the master: tells the clock, adds up what the workers counted, and names those it lost."""

    def __init__(self, environment: Any, run: Run) -> None:
        self._environment, self._runner, self._run = environment, environment.runner, run
        self._present: set[str] = set()
        self._finished: set[str] = set()
        self._tokens: list[str] = []
        self._runner.register_message(_COUNTED, self._counted)
        self._runner.register_message(_ASK, self._asked)
        environment.events.test_start.add_listener(self._begin)
        environment.events.worker_connect.add_listener(self._joined)
        environment.events.test_stop.add_listener(self._finish)
        gevent.spawn(self._tell)

    def _begin(self, **_: Any) -> None:
        self._present, self._finished = set(self._runner.clients), set()
        self._tokens = self._run.sessions.tokens
        self._runner.send_message(_CLOCK, {**self._told(), **self._secrets(), "anew": True})

    def _joined(self, client_id: str, **_: Any) -> None:
        if self._run.under_load:
            self._present.add(client_id)
            self._runner.send_message(_CLOCK, {**self._told(), **self._secrets(), "anew": True}, client_id)

    def _tell(self) -> None:
        while True:
            gevent.sleep(_TELL_EVERY)
            if self._run.under_load:
                renewed = self._run.sessions.tokens
                told = {**self._told(), **({"tokens": renewed} if renewed != self._tokens else {})}
                self._tokens = renewed
                self._runner.send_message(_CLOCK, told)

    def _told(self) -> dict[str, Any]:
        return {"elapsed": self._run.elapsed}

    def _secrets(self) -> dict[str, Any]:
        return {"tokens": self._run.sessions.tokens, "key": self._run.created.key}

    def _asked(self, msg: Any, **_: Any) -> None:
        plan = {"plan": shared(self._run.plan), "digest": self._run.prepared.digest}
        self._runner.send_message(_PLAN, plan, msg.node_id)

    def _counted(self, msg: Any, **_: Any) -> None:
        self._run.add(Tally.from_json(msg.data["tally"]))
        for text in msg.data["faults"]:
            self._run.fault(text)
        for route, reason in msg.data["notes"].items():
            self._run.skip(route, reason)
        if msg.data["final"]:
            self._finished.add(msg.node_id)
            if self._run.under_load:
                self._run.lose(f"worker {msg.node_id} left after {self._run.elapsed:.0f} s")

    def _finish(self, **_: Any) -> None:
        """Locust's master says it has stopped before its workers have; their last figures are waited for."""
        for worker in self._present - self._finished:
            self._runner.send_message(_FINISH, None, worker)
        with gevent.Timeout((self._environment.stop_timeout or 0) + _PATIENCE, exception=False):
            while any(not self._missing(worker) for worker in self._present - self._finished):
                gevent.sleep(0.02)
        for worker in sorted(self._present - self._finished):
            self._run.lose(f"worker {worker} was lost; its figures end there")

    def _missing(self, worker: str) -> bool:
        client = self._runner.clients.get(worker)
        return client is not None and client.state == STATE_MISSING


class _Follower:
    """In a worker: keeps the master's time and tells it every count once."""

    def __init__(self, environment: Any, run: Run) -> None:
        self._runner, self._run = environment.runner, run
        # Words to a master that is gone would otherwise hold the process for ever.
        self._runner.client.socket.linger = _LINGER
        self._runner.register_message(_CLOCK, self._clock)
        self._runner.register_message(_FINISH, self._finish, concurrent=True)
        environment.events.quitting.add_listener(self._finish)
        gevent.spawn(self._tell)

    def _clock(self, msg: Any, **_: Any) -> None:
        self._run.follow(msg.data["elapsed"], anew=msg.data.get("anew", False))
        if msg.data.get("tokens"):
            self._run.sessions.share(msg.data["tokens"])
        self._run.created.key = msg.data.get("key") or self._run.created.key

    def _tell(self) -> None:
        while True:
            gevent.sleep(_COUNT_EVERY)
            self._send(final=False)

    def _finish(self, **_: Any) -> None:
        self._runner.stop()
        self._send(final=True)

    def _send(self, *, final: bool) -> None:
        tally, faults, notes = self._run.take()
        if final or tally.counts or faults or notes:
            words = {"tally": tally.to_json(), "faults": faults, "notes": notes, "final": final}
            self._runner.send_message(_COUNTED, words)
