"""One request that a service's circuit admitted, and what the circuit is told about it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from gateway.circuit import CircuitOpen
from gateway.problem import UpstreamProblem

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from gateway.circuit import Circuit, Circuits, Permit
    from gateway.core.resilience import CircuitPolicy
    from gateway.core.routes import Service
    from gateway.metrics import Metrics

_log = logging.getLogger("cutover.gateway")


class Watched:
    """An admitted request to a service; times are the event loop's."""

    __slots__ = ("_metrics", "_service", "circuit", "now", "permit", "policy")

    def __init__(
        self, service: Service, circuit: Circuit, permit: Permit, policy: CircuitPolicy, metrics: Metrics
    ) -> None:
        self.now = asyncio.get_running_loop().time
        self.policy = policy
        self.circuit = circuit
        self.permit = permit
        self._service = service
        self._metrics = metrics

    def failed(self, failure: UpstreamProblem) -> None:
        """The gateway has to answer for the service; where it only could not rewrite the answer, there was one."""
        if failure.reason == "rewrite":
            self.circuit.answered(self.permit, self.policy, self.now())
            return
        phase = self.circuit.phase
        self.circuit.failed(self.permit, self.policy, self.now())
        self._tell(phase)

    def broke(self) -> None:
        """The answer broke off after its head had been passed on."""
        phase = self.circuit.phase
        self.circuit.broke(self.permit, self.policy, self.now())
        self._tell(phase)

    def _tell(self, phase: int) -> None:
        if self.circuit.phase != phase:
            self._metrics.count("cutover_circuit_opened_total", service=self._service.name)
            _log.warning("%s failed too often and is left alone for %g s", self._service.name, self.policy.open)


def admitted(service: Service, circuits: Circuits, policy: CircuitPolicy, metrics: Metrics) -> Watched:
    """A request that the service's circuit admits.

    Raises:
        CircuitOpen: it admits none.
    """
    circuit, now = circuits.of(service), asyncio.get_running_loop().time
    permit = circuit.admit(policy, now())
    if permit is None:
        raise CircuitOpen(service.name, circuit.wait(policy, now()))
    return Watched(service, circuit, permit, policy, metrics)


async def judged[T](watched: Watched, work: Awaitable[T]) -> T:
    """What the work comes to; the circuit is told of it."""
    try:
        answer = await work
    except UpstreamProblem as failure:
        watched.failed(failure)
        raise
    except BaseException:
        watched.circuit.abandoned(watched.permit)
        raise
    watched.circuit.answered(watched.permit, watched.policy, watched.now())
    return answer
