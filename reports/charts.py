"""Small charts as inline SVG; coloured by the page's style sheet, and every one says in words what it shows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from markupsafe import Markup

from gateway.core.observation import Bucket
from reports.figures import count, rate, seconds, target

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reports.nouns import Latency, Tally

_WIDTH = 100.0
_NINES = 4.0
_VISIBLE = 0.6

Part = tuple[str, int]
"""A style class, which is also the name, and how many."""


def verdicts(tally: Tally) -> list[Part]:
    """The parts of a verdict bar, good ones first."""
    return [
        ("match", tally.match),
        ("expected", tally.expected),
        ("inconclusive", tally.inconclusive),
        ("failed", tally.failed),
        ("mismatch", tally.mismatch),
    ]


def bar(parts: Iterable[Part], wanted: int = 0) -> Markup:
    """A stacked bar over the whole width, or over so many as are wanted; a part that is there at all can be seen."""
    there = [(name, number) for name, number in parts if number > 0]
    words = ", ".join(f"{count(number)} {name}" for name, number in there) or "nothing yet"
    total = sum(number for _, number in there)
    if wanted > total:
        words += f"; {count(wanted)} needed"
    widths = [max(_VISIBLE, number / max(total, wanted) * _WIDTH) for _, number in there]
    scale = _WIDTH / sum(widths) if widths and (wanted <= total or sum(widths) > _WIDTH) else 1.0
    shapes, left = [_rect("none", 0, 0, _WIDTH, 10)], 0.0
    for (name, _), width in zip(there, widths, strict=True):
        shapes.append(_rect(name, left, 0, width * scale, 10))
        left += width * scale
    return _svg(words, 10, shapes)


def bound(lower: float, wanted: float | None = None) -> Markup:
    """A match rate's lower bound on a scale of nines (0, 90, 99, 99.9, 99.99 %), with the target as a tick."""
    words = f"match rate at least {rate(lower)}"
    reached = wanted is None or lower >= wanted
    shapes = [_rect("none", 0, 2, _WIDTH, 6), _rect("reached" if reached else "short", 0, 2, _nines(lower), 6)]
    shapes += [_rect("grid", nine * _WIDTH / _NINES - 0.2, 2, 0.4, 6) for nine in range(1, int(_NINES))]
    if wanted is not None:
        words += f", target {target(wanted)}"
        shapes.append(_rect("tick", min(_WIDTH - 1, _nines(wanted) - 0.5), 0, 1, 10))
    return _svg(words, 10, shapes)


def latency(pair: Latency) -> Markup:
    """Median seconds of legacy above those of the gateway, on one scale."""
    longest = max(pair.legacy, pair.gateway) or 1.0
    words = f"median legacy {seconds(pair.legacy)}, gateway {seconds(pair.gateway)}, {count(pair.pairs, 'pair')}"
    shapes = [_rect("none", 0, 0, _WIDTH, 10), _rect("none", 0, 12, _WIDTH, 10)]
    shapes += [
        _rect("legacy", 0, 0, pair.legacy / longest * _WIDTH, 10),
        _rect("gateway", 0, 12, pair.gateway / longest * _WIDTH, 10),
    ]
    return _svg(words, 22, shapes)


def buckets(counts: Mapping[str, int]) -> list[Part]:
    """The parts of a bucket bar, in the order in which they are documented."""
    return [(str(bucket), counts.get(bucket, 0)) for bucket in Bucket]


def _nines(value: float) -> float:
    return min(_NINES, -math.log10(max(1e-9, 1 - value))) * _WIDTH / _NINES if value > 0 else 0.0


def _rect(name: str, left: float, top: float, width: float, height: float) -> Markup:
    return Markup('<rect class="c-{}" x="{:.2f}" y="{:g}" width="{:.2f}" height="{:g}"/>').format(
        name, left, top, width, height
    )


def _svg(words: str, height: int, shapes: list[Markup]) -> Markup:
    return Markup(
        '<svg class="chart" role="img" aria-label="{0}" viewBox="0 0 100 {1}" preserveAspectRatio="none"'
        ' style="height:{1}px"><title>{0}</title>{2}</svg>'
    ).format(words, height, Markup().join(shapes))
