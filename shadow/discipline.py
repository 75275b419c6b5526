"""Whether the platform bears another copy: its pace, the load that copies may add, the limits it has itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from gateway.store.pace import ServicePace
from shadow.allowance import Allowance
from shadow.pace import Pace
from shadow.plan import Copying
from shadow.platform_limit import Tenth

if TYPE_CHECKING:
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from shadow.envelope import Copy

_ELSEWHERE = frozenset({Copying.SERVED, Copying.FALLBACK})
MOST = 3
"""Requests that one copy may cost: the gateway's, legacy's second answer, the gateway's second."""


class Grant:
    """So many requests that one copy may make; what it does not make goes back when it is closed."""

    def __init__(self, number: int, give_back: tuple[Callable[[int], None], ...] = ()) -> None:
        self._left = number
        self._give_back = give_back

    def use(self) -> bool:
        """Whether another request may be made."""
        if not self._left:
            return False
        self._left -= 1
        return True

    def close(self) -> None:
        """Give back what was not used."""
        for give_back in self._give_back:
            give_back(self._left)
        self._left = 0


class Discipline:
    """The rules of a table for the copies that reach the platform; `clock` gives seconds and never goes back."""

    def __init__(self, table: RouteTable, clock: Callable[[], float] = time.monotonic) -> None:
        self._table = table
        self._clock = clock
        mirroring = table.mirroring
        self.paces = {name: Pace(mirroring.slow) for name in table.services} if mirroring.slow else {}
        self._allowances = {name: Allowance(mirroring.load) for name in table.services}
        self._services = {s.name: Tenth(s.platform_limit) for s in table.services.values() if s.platform_limit}
        self._routes = {route.id: Tenth(route.platform_limit) for route in table.routes if route.platform_limit}

    def seen(self, route: Route, copy: Copy) -> None:
        """A client's request was answered: it earns load, and tells how the service fares."""
        self._allowances[route.service].earn()
        # What the gateway served tells of the gateway.
        if not copy.exchange.request.is_preflight and copy.copying not in _ELSEWHERE:
            self.answered(route, copy.exchange.first_byte)

    def answered(self, route: Route, seconds: float) -> None:
        """The service itself began an answer after so many seconds."""
        pace = self.paces.get(route.service)
        if pace is not None:
            pace.answered(route.id, seconds, self._clock())

    def standing(self, at: float) -> list[ServicePace]:
        """How fast each service is copied; `at` is epoch seconds."""
        return [ServicePace(name, pace.share, at, *pace.slowest) for name, pace in self.paces.items()]

    def grant(self, route: Route, number: int = MOST) -> Grant | str:
        """What a copy of this route may ask of the platform, or the reason why it is not made.

        Where a limit of the platform leaves less than `number` at once, the grant is of that.
        """
        pace = self.paces.get(route.service)
        if pace is not None and not pace.takes():
            return "adaptive"
        limits = [one for one in (self._services.get(route.service), self._routes.get(route.id)) if one]
        number = min([number, *(limit.most for limit in limits)])
        now, taken = self._clock(), list[Callable[[int], None]]()
        for limit in limits:
            if not limit.take(number, now):
                Grant(number, tuple(taken)).close()
                return "platform-limit"
            taken.append(partial(limit.give_back, taken=now))
        allowance = self._allowances[route.service]
        if not allowance.take(number):
            Grant(number, tuple(taken)).close()
            return "load"
        return Grant(number, (allowance.give_back, *taken))
