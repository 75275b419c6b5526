"""Asks, within bounds: known addresses only, so many requests a route, so many at once, so much time in all."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.core.exchange import Response, header
from gateway.core.mark import MARK_HEADER
from migrate.replay.client import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.core.exchange import Failure, Request

PER_ROUTE = 96
"""Requests to one route in a run."""
AT_ONCE = 6
ANSWER = 3.0
"""Seconds for one whole answer."""
TOTAL = 120.0
"""Seconds for the whole run."""


_LIMITED = 429
_DIGITS = 3


class SpentError(Exception):
    """A bound of the run is reached; the probe is not made."""


class Asker:
    """Sends requests exactly as they are, over connections of their own, to `allowed` base URLs and nowhere else."""

    def __init__(
        self,
        allowed: Iterable[str],
        *,
        answer: float = ANSWER,
        total: float = TOTAL,
        per_route: int = PER_ROUTE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.requests = 0
        self.allowed = frozenset(allowed)
        self._answer = answer
        self._per_route = per_route
        self._counts: Counter[str] = Counter()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._clock = clock
        self._end = clock() + total

    async def ask(self, url: str, route: str, request: Request) -> Response | Failure:
        """The answer; Host is added in front unless the request brings one. A 429 is asked again when it says.

        Raises:
            SpentError: too many requests to this route, or no time left.
            ValueError: the address is not one this run may ask.
        """
        if url not in self.allowed:
            raise ValueError(f"{url} is not an address of this run")
        async with self._gate:
            left = self._end - self._clock()
            if left <= 0:
                raise SpentError("no time was left for it")
            if self._counts[route] >= self._per_route:
                raise SpentError(f"{self._per_route} requests to this route are enough")
            self._counts[route] += 1
            self.requests += 1
            answer = await self._once(url, request, left)
            while (pause := _asked_to_wait(request, answer)) and pause < self._end - self._clock():
                await asyncio.sleep(pause)
                answer = await self._once(url, request, self._end - self._clock())
            return answer

    async def _once(self, url: str, request: Request, left: float) -> Response | Failure:
        return await ask(url, with_host(url, request), deadline=min(self._answer, left))


def _asked_to_wait(request: Request, answer: Response | Failure) -> int:
    """Seconds after which what a limit refused may be asked again; a mark is good once, so a marked one never."""
    if not isinstance(answer, Response) or answer.status != _LIMITED or header(request.headers, MARK_HEADER):
        return 0
    said = header(answer.headers, "retry-after") or ""
    return int(said) if said.isdecimal() and len(said) < _DIGITS else 0


def with_host(url: str, request: Request) -> Request:
    """The request with a Host header for this URL in front, unless it has one."""
    if any(name.lower() == "host" for name, _ in request.headers):
        return request
    return replace(request, headers=(("Host", urlsplit(url).netloc), *request.headers))
