"""Figures for tests: routes with so many answers, all equally late, some failed."""

from __future__ import annotations

from loadtests.histogram import Histogram
from loadtests.results import RouteFigures, SideFigures


def figures(route: str, requests: int = 100, milliseconds: float = 10.0, **errors: int) -> RouteFigures:
    """One route's figures; keywords are error reasons."""
    histogram = Histogram()
    for _ in range(requests):
        histogram.add(milliseconds)
    return RouteFigures(route, requests, sum(errors.values()), errors, histogram)


def side(*routes: RouteFigures, seconds: float = 10.0) -> SideFigures:
    """A side with these routes."""
    return SideFigures(seconds, {item.route: item for item in routes})
