"""The search for the knee while the load runs: holds each level for a step, judges it, asks for the next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from loadtests.holding import held
from loadtests.knee import Step
from loadtests.slices import number_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gateway.core.objectives import Promised
    from loadtests.holding import Held
    from loadtests.knee import Search
    from loadtests.series import Series

_LATE = 0.05
_UNEVEN = 2.0
"""Arrivals by which a stretch may differ from the rate without meaning anything."""
_LONGEST_REST = 4
"""Steps after which the search goes on though the target has not recovered."""
SLICES = 5
"""Slices that make up a step; the first of them is for the load to settle."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds of a step, the quantum of levels, and the seconds that counts may be late.

    An answer that is later than promised may come after its step; `lag` lasts until those in time are counted.
    With `arrivals` the levels are arrivals a second, so that what is missing then is known.
    """

    step: float
    quantum: float = 1.0
    lag: float = 0.0
    arrivals: bool = False


class Climb:
    """One search; ask it for the level as often as convenient."""

    def __init__(
        self, search: Search, pace: Pace, promises: Mapping[str, Promised], series: Callable[[], Series]
    ) -> None:
        self._search, self._pace, self._promises, self._series = search, pace, promises, series
        self.steps: list[Step] = []
        self._level: float | None = self._rounded(search.start)
        self._begin = 0.0
        self._resting = 0.0

    def at(self, elapsed: float) -> float | None:
        """The level after so many seconds; None when enough is known."""
        if self._resting and not self._rested(elapsed):
            return self._rounded(self._search.least)
        end = self._begin + self._pace.step
        if self._level is None or elapsed < end + self._pace.lag:
            return self._level
        self.steps.append(self._judged(self._level, end))
        wanted = self._search.next(self.steps)
        self._level = None if wanted is None else self._moved(wanted)
        self._begin = elapsed
        if self._level is not None and not self.steps[-1].held:
            self._resting = elapsed
            return self._rounded(self._search.least)
        return self._level

    def _rested(self, elapsed: float) -> bool:
        """After a step that broke, the target works off what queued up; the next step begins when it has."""
        series = self._series()
        least = self._resting + self._pace.lag + 2 * series.length
        last = number_at(elapsed - self._pace.lag, series.length) - 1
        calm = elapsed >= least and not self._held(series, [last], self._search.least).reason
        if not calm and elapsed < self._resting + _LONGEST_REST * self._pace.step:
            return False
        self._resting, self._begin = 0.0, elapsed
        return True

    def _held(self, series: Series, numbers: Sequence[int], level: float) -> Held:
        found = held(series, numbers, self._promises)
        due = level * found.seconds * self._pace.arrivals
        missing = due - found.answers
        if found.reason or missing <= max(_LATE * due, _UNEVEN):
            return found
        return replace(found, reason=f"latency: {missing / due:.0%} of what was due was not answered in time")

    def _judged(self, level: float, end: float) -> Step:
        series = self._series()
        settled = self._begin + self._pace.step / SLICES
        numbers = [
            number
            for number in range(series.whole)
            if number * series.length >= settled - 1e-6 and (number + 1) * series.length <= end + 1e-6
        ]
        found = self._held(series, numbers, level)
        return Step(
            level=level,
            rate=found.answers / found.seconds if found.seconds else 0.0,
            p95_ms=found.p95_ms,
            error_rate=found.failures / found.answers if found.answers else 0.0,
            begin=self._begin,
            end=end,
            reason=found.reason,
        )

    def _moved(self, wanted: float) -> float:
        """Rounding never leaves the search where it was while it means to move."""
        last, level = self.steps[-1], self._rounded(wanted)
        if level == last.level and wanted != last.level:
            level += self._pace.quantum if last.held else -self._pace.quantum
        return min(max(level, self._rounded(self._search.least)), self._rounded(self._search.most))

    def _rounded(self, level: float) -> float:
        return max(1, round(level / self._pace.quantum)) * self._pace.quantum
