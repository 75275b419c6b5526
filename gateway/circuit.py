"""When a service fails too often, stop asking it for a while; then let a few requests try. Pure: time is an argument.

What counts as a failure is that the gateway itself has to answer for the service: no connection, no answer in time,
a broken one. Whatever the service says itself, 500 included, is an answer: this platform says 500 where others say
401 or 409, and a stranger without a token must not be able to close a service to everybody.

    closed ──failures──▶ open ──time──▶ half-open ──every trial answered──▶ closed
                          ▲                 │
                          └──a trial fails──┘
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from math import ceil
from typing import TYPE_CHECKING

from gateway.problem import UpstreamProblem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.resilience import CircuitPolicy
    from gateway.core.routes import Service

_SLICES = 10
"""Into so many parts the window is cut; the oldest leaves it as a whole."""
_LONG_AGO = [float("-inf"), 0, 0]


class State(StrEnum):
    """What a circuit does with a request: let it pass, refuse it, or let a few try."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class CircuitOpen(UpstreamProblem):
    """The service failed too often lately and is not asked."""

    status = 503

    def __init__(self, service: str, seconds: float) -> None:
        super().__init__(
            f"{service} is not asked for now, since it failed too often", reason="circuit-open", sent=False
        )
        self.headers = (("retry-after", str(max(1, ceil(seconds)))),)


Permit = int
"""Given to one admitted request: the phase. What it comes to counts only while the circuit is in the same one."""


class Circuit:
    """The circuit of one service. Each `admit` is followed by exactly one of `answered`, `failed` and `abandoned`.

    `broke` may follow `answered`: the body of that answer did not arrive whole. `phase` counts changes of state.
    """

    def __init__(self) -> None:
        self.phase = 0
        self._state = State.CLOSED
        self._since = 0.0
        self._trying = self._passed = 0
        self._slices: deque[list[float]] = deque(maxlen=_SLICES + 1)
        self._current = _LONG_AGO

    def state(self, policy: CircuitPolicy, now: float) -> State:
        """The state at a moment; `now` never goes back."""
        if self._state is State.OPEN and now >= self._since + policy.open:
            self._turn(State.HALF_OPEN, now)
        return self._state

    @property
    def closed(self) -> bool:
        """Whether `admit` would give a permit and do nothing else; the permit is `phase`."""
        return self._state is State.CLOSED

    def admit(self, policy: CircuitPolicy, now: float) -> Permit | None:
        """A permit, or none: then `wait` says when asking again may help."""
        if self._state is State.CLOSED:
            return self.phase
        if self.state(policy, now) is State.OPEN or self._trying + self._passed >= policy.trials:
            return None
        self._trying += 1
        return self.phase

    def wait(self, policy: CircuitPolicy, now: float) -> float:
        """Seconds after which an open circuit lets somebody try; 1 while others do."""
        return self._since + policy.open - now if self._state is State.OPEN else 1.0

    def answered(self, permit: Permit, policy: CircuitPolicy, now: float) -> None:
        """The service gave an answer of its own."""
        if permit != self.phase:
            return
        if self._state is State.CLOSED:
            self._slice(policy, now)[1] += 1
            return
        self._trying -= 1
        self._passed += 1
        if self._passed >= policy.trials:
            self._turn(State.CLOSED, now)

    def failed(self, permit: Permit, policy: CircuitPolicy, now: float) -> None:
        """The gateway has to answer for the service."""
        if permit != self.phase:
            return
        if self._state is State.HALF_OPEN:
            self._turn(State.OPEN, now)
            return
        self._slice(policy, now)[2] += 1
        self._judge(policy, now)

    def broke(self, permit: Permit, policy: CircuitPolicy, now: float) -> None:
        """An answer that had counted as one broke off."""
        if permit == self.phase and self._state is State.CLOSED:
            current = self._slice(policy, now)
            current[1] = max(0, current[1] - 1)
            self.failed(permit, policy, now)

    def abandoned(self, permit: Permit) -> None:
        """Nobody knows what the service would have said: the client left, or sent no usable body."""
        if permit == self.phase and self._state is State.HALF_OPEN:
            self._trying -= 1

    def _judge(self, policy: CircuitPolicy, now: float) -> None:
        recent = [part for part in self._slices if part[0] > now - policy.window]
        failures = sum(part[2] for part in recent)
        asked = failures + sum(part[1] for part in recent)
        if asked >= policy.least and failures >= policy.failures * asked:
            self._turn(State.OPEN, now)

    def _slice(self, policy: CircuitPolicy, now: float) -> list[float]:
        current = self._current
        if now >= current[0] + policy.window / _SLICES:
            current = self._current = [now, 0, 0]
            self._slices.append(current)
        return current

    def _turn(self, state: State, now: float) -> None:
        self._state, self._since = state, now
        self.phase += 1
        self._trying = self._passed = 0
        self._slices.clear()
        self._current = _LONG_AGO


class Circuits:
    """The circuits of a gateway, one per service; a service that moved starts with a closed one."""

    def __init__(self) -> None:
        self._circuits: dict[str, tuple[str, Circuit]] = {}

    def of(self, service: Service) -> Circuit:
        """The circuit of a service."""
        known = self._circuits.get(service.name)
        if known is None or known[0] != service.internal:
            known = self._circuits[service.name] = (service.internal, Circuit())
        return known[1]

    def states(self, services: Mapping[str, Service], policy: CircuitPolicy, now: float) -> dict[str, State]:
        """The state of every service's circuit; circuits of services that are no more are forgotten."""
        for gone in self._circuits.keys() - services.keys():
            del self._circuits[gone]
        return {name: self.of(service).state(policy, now) for name, service in services.items()}
