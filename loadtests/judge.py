"""Whether a load test met its objectives, and if not, which route failed why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loadtests.results import GATEWAY, ratios

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from loadtests.results import RouteFigures, SideFigures

ENOUGH = 20
"""Answers from which a 95th percentile says something; below that the median is held against the objective."""


@dataclass(frozen=True, slots=True)
class Objectives:
    """What is promised per route: failures per request, 95th percentile in milliseconds.

    `max_ratio` bounds the gateway's median over legacy's, where both are loaded; None leaves it unjudged.
    """

    max_error_rate: float = 0.01
    p95_ms: float = 500.0
    max_ratio: float | None = None


def judge(sides: Mapping[str, SideFigures], objectives: Objectives) -> tuple[str, ...]:
    """Why the objectives are not met, one sentence each; empty when they are.

    Legacy is the baseline where both sides were loaded, so only the gateway is judged then.
    """
    judged = GATEWAY if GATEWAY in sides else next(iter(sides), "")
    if not judged or not sides[judged].overall.requests:
        return ("not one request was answered, so nothing is proven",)
    reasons = [reason for figures in sides[judged].routes.values() for reason in _route_reasons(figures, objectives)]
    return (*sorted(reasons), *_ratio_reasons(sides, objectives))


def _route_reasons(figures: RouteFigures, objectives: Objectives) -> Iterator[str]:
    if figures.error_rate > objectives.max_error_rate:
        common = max(figures.errors, key=lambda reason: figures.errors[reason])
        yield (
            f"{figures.route}: error rate {figures.error_rate:.1%} exceeds {objectives.max_error_rate:.1%}"
            f" ({figures.failures} of {figures.requests}, mostly {common})"
        )
    share, name = (0.95, "p95") if figures.requests >= ENOUGH else (0.5, "median")
    measured = figures.milliseconds(share)
    if measured > objectives.p95_ms:
        few = "" if figures.requests >= ENOUGH else f" of only {figures.requests} answers"
        yield f"{figures.route}: {name} {measured:.0f} ms{few} exceeds the p95 objective, {objectives.p95_ms:.0f} ms"


def _ratio_reasons(sides: Mapping[str, SideFigures], objectives: Objectives) -> Iterator[str]:
    ratio = ratios(sides).get("overall")
    if ratio and objectives.max_ratio is not None and ratio.median > objectives.max_ratio:
        yield f"overall: median is {ratio.median:.2f} times legacy's, above {objectives.max_ratio:.2f}"
