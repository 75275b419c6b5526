"""How many requests to a service may be tried again. Pure: time is an argument.

Each request to a service earns a share of one more attempt, and time earns a few besides, so that a quiet service
is tried again too. When everything fails the service is asked by that share more often, not twice as often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.resilience import RetryPolicy

HOLDS = 10.0
"""Seconds for which time saves up attempts."""
EARNED = 100.0
"""Attempts that requests can save up."""


class Budget:
    """The attempts that one service has saved up."""

    def __init__(self) -> None:
        self._earned = 0.0
        self._given: float | None = None
        self._at = 0.0

    def earn(self, policy: RetryPolicy) -> None:
        """A request is made for the first time."""
        if self._earned < EARNED:
            self._earned += policy.share

    def spend(self, policy: RetryPolicy, now: float) -> bool:
        """Whether one more attempt is allowed; it is taken when it is."""
        most = policy.floor * HOLDS
        given = most if self._given is None else min(most, self._given + (now - self._at) * policy.floor)
        self._given, self._at = given, now
        if given >= 1:
            self._given -= 1
        elif self._earned >= 1:
            self._earned -= 1
        else:
            return False
        return True


class Budgets:
    """The budgets of a gateway, one per service."""

    def __init__(self) -> None:
        self._budgets: dict[str, Budget] = {}

    def of(self, service: str) -> Budget:
        """The budget of a service."""
        known = self._budgets.get(service)
        if known is None:
            known = self._budgets[service] = Budget()
        return known

    def forget(self, services: Mapping[str, object]) -> None:
        """Drop the budgets of services that are no more."""
        for gone in self._budgets.keys() - services.keys():
            del self._budgets[gone]
