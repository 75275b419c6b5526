"""Counts while the load runs: by slice, side and route, so that workers' counts add up and slices can be compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from loadtests.histogram import Histogram, merged
from loadtests.results import RouteFigures, SideFigures

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

REASONS = 50
"""Distinct error texts that a tally keeps; what comes beyond counts as `other`."""
_LENGTH = 120


class Place(NamedTuple):
    """Where an answer is counted: the number of its slice (from 0), the side it was sent to, and its route id."""

    slice: int
    side: str
    route: str


class Second(NamedTuple):
    """When an answer came: the second of the load (from 0) and its side; where that is kept, its route and slice."""

    second: int
    side: str
    route: str = ""
    slice: int = 0


@dataclass(slots=True)
class Count:
    """Answers of one place: milliseconds of each, reasons of the failed ones, further timings by name."""

    histogram: Histogram = field(default_factory=Histogram)
    errors: dict[str, int] = field(default_factory=dict)
    timings: dict[str, Histogram] = field(default_factory=dict)

    def merge(self, other: Count) -> None:
        """Add what the other counted."""
        self.histogram.merge(other.histogram)
        for reason, number in other.errors.items():
            self.errors[reason] = self.errors.get(reason, 0) + number
        for name, histogram in other.timings.items():
            self.timings.setdefault(name, Histogram()).merge(histogram)

    def without(self, part: Count) -> Count:
        """The same less a part of it."""
        errors = {reason: number - part.errors.get(reason, 0) for reason, number in self.errors.items()}
        return Count(
            self.histogram.without(part.histogram),
            {reason: number for reason, number in errors.items() if number > 0},
            {name: item.without(part.timings.get(name, Histogram())) for name, item in self.timings.items()},
        )

    def figures(self, route: str) -> RouteFigures:
        """The same as a route's figures."""
        failures = sum(self.errors.values())
        return RouteFigures(route, self.histogram.total, failures, self.errors, self.histogram, self.timings)


@dataclass(slots=True)
class Tally:
    """What was counted so far; a locust process fills one, a master adds its workers' up.

    `counts` are by where a call began, `seconds` count the same answers by when they came.
    """

    counts: dict[Place, Count] = field(default_factory=dict)
    seconds: dict[Second, Count] = field(default_factory=dict)
    _reasons: set[str] = field(default_factory=set)

    def count(
        self,
        place: Place,
        milliseconds: float,
        error: str = "",
        timings: Mapping[str, float] | None = None,
        second: Second | None = None,
    ) -> None:
        """Count one answer; an empty `error` is a success, `timings` are further milliseconds by name."""
        reason = self._known(error[:_LENGTH]) if error else ""
        found = self.counts.setdefault(place, Count())
        for one in (found,) if second is None else (found, self.seconds.setdefault(second, Count())):
            one.histogram.add(milliseconds)
            if reason:
                one.errors[reason] = one.errors.get(reason, 0) + 1
            for name, value in (timings or {}).items():
                one.timings.setdefault(name, Histogram()).add(value)

    def merge(self, other: Tally) -> None:
        """Add what the other counted; nothing of it is shared afterwards."""
        for place, count in other.counts.items():
            self.counts.setdefault(place, Count()).merge(self._renamed(count))
        for second, count in other.seconds.items():
            self.seconds.setdefault(second, Count()).merge(self._renamed(count))

    @property
    def histogram(self) -> Histogram:
        """The milliseconds of all answers together."""
        return merged(count.histogram for count in self.counts.values())

    @property
    def failures(self) -> int:
        """How many answers failed."""
        return sum(sum(count.errors.values()) for count in self.counts.values())

    def without(self, seconds: Collection[int]) -> Tally:
        """The same but for answers that came in these seconds of the load, where their routes were kept."""
        out = Tally(dict(self.counts), self.seconds, self._reasons)
        for (second, side, route, number), count in self.seconds.items():
            place = Place(number, side, route)
            if second in seconds and place in out.counts:
                out.counts[place] = out.counts[place].without(count)
        return out

    def sides(self, seconds: Mapping[str, float]) -> dict[str, SideFigures]:
        """The figures by side, all slices together; `seconds` is how long each was under load."""
        routes: dict[str, dict[str, Count]] = {side: {} for side in seconds}
        for place, count in self.counts.items():
            routes[place.side].setdefault(place.route, Count()).merge(count)
        return {
            side: SideFigures(seconds[side], {route: count.figures(route) for route, count in found.items()})
            for side, found in routes.items()
        }

    def to_json(self) -> list[dict[str, Any]]:
        """One object per place; `from_json` reads it back unchanged."""
        return list(self._rows())

    @classmethod
    def from_json(cls, value: list[dict[str, Any]]) -> Self:
        """The inverse of `to_json`."""
        out = cls()
        for row in value:
            timings = {name: Histogram.from_json(item) for name, item in row.get("timings", {}).items()}
            count = Count(Histogram.from_json(row["histogram"]), dict(row.get("errors", {})), timings)
            if "second" in row:
                out.seconds[Second(row["second"], row["side"], row["route"], row["slice"])] = count
            else:
                out.counts[Place(row["slice"], row["side"], row["route"])] = count
            out._reasons.update(count.errors)
        return out

    def _rows(self) -> Iterator[dict[str, Any]]:
        rows = [(place._asdict(), count) for place, count in sorted(self.counts.items())]
        rows += [(second._asdict(), count) for second, count in sorted(self.seconds.items())]
        for at, count in rows:
            row: dict[str, Any] = {**at, "histogram": count.histogram.to_json()}
            if count.errors:
                row["errors"] = dict(count.errors)
            if count.timings:
                row["timings"] = {name: item.to_json() for name, item in sorted(count.timings.items())}
            yield row

    def _renamed(self, count: Count) -> Count:
        """The same with reasons that this tally keeps apart, nothing of it copied that is not changed."""
        known: dict[str, int] = {}
        for reason, number in count.errors.items():
            kept = self._known(reason)
            known[kept] = known.get(kept, 0) + number
        return Count(count.histogram, known, count.timings)

    def _known(self, reason: str) -> str:
        if reason in self._reasons or len(self._reasons) < REASONS:
            self._reasons.add(reason)
            return reason
        return "other"
