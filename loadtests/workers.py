"""What a master and its workers tell each other: clock and session downwards, tallies upwards.

Locust's own statistics travel as they always do; ours go beside them, since locust's know no slices and no sides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gevent
from locust.runners import STATE_MISSING, MasterRunner, WorkerRunner

from loadtests.account import session
from loadtests.tally import Tally

if TYPE_CHECKING:
    from loadtests.record import Run

_CLOCK = "cutover-clock"
_FINISH = "cutover-finish"
_COUNTED = "cutover-counted"
_TELL_EVERY = 0.5
_COUNT_EVERY = 0.5
"""Seconds between two tellings; a worker that is lost takes no more figures with it than these."""
_LINGER = 2000
"""Milliseconds that a worker's last words get to leave."""
_PATIENCE = 3.0
"""Seconds beyond the stop timeout that the master waits for a worker's last figures."""


def attach(environment: Any, run: Run) -> None:
    """Connect the run with its master or workers, whichever this process has; alone it needs neither."""
    if isinstance(environment.runner, MasterRunner):
        _Leader(environment, run)
    elif isinstance(environment.runner, WorkerRunner):
        _Follower(environment, run)


class _Leader:
    """In the master: tells the clock, adds up what the workers counted, and names those it lost."""

    def __init__(self, environment: Any, run: Run) -> None:
        self._environment, self._runner, self._run = environment, environment.runner, run
        self._present: set[str] = set()
        self._finished: set[str] = set()
        self._token = ""
        self._runner.register_message(_COUNTED, self._counted)
        environment.events.test_start.add_listener(self._begin)
        environment.events.worker_connect.add_listener(self._joined)
        environment.events.test_stop.add_listener(self._finish)
        gevent.spawn(self._tell)

    def _begin(self, **_: Any) -> None:
        self._present, self._finished = set(self._runner.clients), set()
        self._token = self._run.session().token
        self._runner.send_message(_CLOCK, {**self._told(), "anew": True, "token": self._token})

    def _joined(self, client_id: str, **_: Any) -> None:
        if self._run.under_load:
            self._present.add(client_id)
            token = self._run.session().token
            self._runner.send_message(_CLOCK, {**self._told(), "anew": True, "token": token}, client_id)

    def _tell(self) -> None:
        while True:
            gevent.sleep(_TELL_EVERY)
            if self._run.under_load:
                renewed = self._run.session().token
                told = {**self._told(), **({"token": renewed} if renewed != self._token else {})}
                self._token = renewed
                self._runner.send_message(_CLOCK, told)

    def _told(self) -> dict[str, Any]:
        return {"elapsed": self._run.elapsed}

    def _counted(self, msg: Any, **_: Any) -> None:
        self._run.add(Tally.from_json(msg.data["tally"]))
        for text in msg.data["faults"]:
            self._run.fault(text)
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
        if msg.data.get("token"):
            self._run.share(session(msg.data["token"]))

    def _tell(self) -> None:
        while True:
            gevent.sleep(_COUNT_EVERY)
            self._send(final=False)

    def _finish(self, **_: Any) -> None:
        self._runner.stop()
        self._send(final=True)

    def _send(self, *, final: bool) -> None:
        tally, faults = self._run.take()
        if final or tally.counts or faults:
            self._runner.send_message(_COUNTED, {"tally": tally.to_json(), "faults": faults, "final": final})
