"""Charts of a load test as inline SVG: over time, latencies of each side, beside legacy, and the knee."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from loadtests.compared import Comparison
    from loadtests.histogram import Histogram
    from loadtests.points import Point
    from loadtests.results import LoadResult

_LETTER = 7.0
"""No letter of a label is wider."""
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 720.0, 220.0, 58.0, 26.0, 8.0
_GROUPED = 7
"""Histogram buckets of 1 % that make up one bar."""
_ROW = 20.0
_LABEL = 190.0


@dataclass(frozen=True, slots=True)
class _Axis:
    """Values onto a stretch of pixels; a logarithmic one needs values above 0."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def at(self, value: float) -> float:
        low, high, value = (self._scaled(item) for item in (self.low, self.high, max(value, self.low)))
        share = (value - low) / (high - low) if high > low else 0.5
        return round(self.start + min(share, 1.0) * (self.end - self.start), 1)

    def ticks(self) -> list[float]:
        """A handful of round values between both ends."""
        if self.log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            steps = (1, 2, 5) if last - first <= 2 else (1,)  # noqa: PLR2004 - few decades leave room for more
            found = [step * 10.0**power for power in range(first, last + 1) for step in steps]
            return [value for value in found if self.low <= value <= self.high]
        step = 10.0 ** math.floor(math.log10(max(self.high - self.low, 1e-9)))
        step *= next(factor for factor in (0.2, 0.5, 1, 2, 5) if (self.high - self.low) / (step * factor) <= 6)  # noqa: PLR2004
        count = math.floor((self.high - self.low) / step + 1e-9)
        return [self.low + step * number for number in range(count + 1)]

    def _scaled(self, value: float) -> float:
        return math.log(max(value, 1e-9)) if self.log else value


def over_time(points: Sequence[Point], run_time: float) -> Markup:
    """Median and p95 of each side, slice by slice; slices with failures carry a mark at the bottom."""
    heard = [point for point in points if point.requests]
    if not heard:
        return _nothing("no slice had an answer")
    x = _Axis(0.0, max(run_time, heard[-1].begin), _LEFT, _WIDTH)
    y = _latency_axis([point.p50_ms for point in heard] + [point.p95_ms for point in heard])
    shapes = [*_grid_y(y, "ms"), *_grid_x(x, "s")]
    for side in sorted({point.side for point in heard}):
        mine = [point for point in heard if point.side == side]
        for name, values in (("p95", [p.p95_ms for p in mine]), ("p50", [p.p50_ms for p in mine])):
            line = " ".join(f"{x.at(p.begin)},{y.at(value)}" for p, value in zip(mine, values, strict=True))
            shapes.append(Markup('<polyline class="line {} {}" points="{}"/>').format(side, name, line))
    shapes += [
        Markup('<circle class="bad" cx="{}" cy="{}" r="2.5"><title>{} failed of {}</title></circle>').format(
            x.at(point.begin), _HEIGHT - _BOTTOM, point.failures, point.requests
        )
        for point in heard
        if point.failures
    ]
    worst = max(heard, key=lambda point: point.p95_ms)
    words = (
        f"latency over {run_time:.0f} s; the highest p95 of a slice is {worst.p95_ms:.0f} ms at {worst.begin:.0f} s"
    )
    return _svg(words, _HEIGHT, shapes)


def histograms(sides: Mapping[str, Histogram]) -> Markup:
    """How often each latency came, in bars 7 % wide on a logarithmic scale; one side over the other."""
    bars = {side: _grouped(histogram) for side, histogram in sides.items() if histogram.total}
    if not bars:
        return _nothing("nothing was answered")
    edges = [number for groups in bars.values() for number in groups]
    x = _Axis(_milliseconds(min(edges)), _milliseconds(max(edges) + 1), _LEFT, _WIDTH, log=True)
    most = max(max(groups.values()) for groups in bars.values())
    y = _Axis(0.0, most, _HEIGHT - _BOTTOM, _TOP)
    shapes = [*_grid_y(y, "%", 100.0), *_grid_x(x, "ms")]
    for side, groups in bars.items():
        for number, share in sorted(groups.items()):
            left, right = x.at(_milliseconds(number)), x.at(_milliseconds(number + 1))
            top = y.at(share)
            shapes.append(
                Markup('<rect class="bar {}" x="{}" y="{}" width="{}" height="{}"/>').format(
                    side, left, top, max(0.5, round(right - left, 1)), round(_HEIGHT - _BOTTOM - top, 1)
                )
            )
    words = "; ".join(f"{side}: {histogram.total} answers" for side, histogram in sides.items())
    return _svg(f"distribution of latency, {words}", _HEIGHT, shapes)


def ratios(found: Mapping[str, Comparison], bounds: Mapping[str, float]) -> Markup:
    """The median's ratio to legacy with its interval, a row for each route; `bounds` are the objectives' by route."""
    rows = [(name, item.ratios["p50"]) for name, item in found.items() if "p50" in item.ratios]
    if not rows:
        return _nothing("too few answers on both sides to compare")
    low = min(0.8, *(item.low for _, item in rows))
    high = max(1.25, *(item.high for _, item in rows), *bounds.values())
    x = _Axis(low, min(high, 100.0), _LABEL, _WIDTH - 10, log=True)
    height = _ROW * len(rows) + _BOTTOM
    one = x.at(1.0)
    shapes = [*_grid_x(x, "x", height), _line("one", one, 0, one, height - _BOTTOM)]
    for number, (name, item) in enumerate(rows):
        middle = _ROW * (number + 0.5)
        text = f"{name}: {item.value:.2f} ({item.low:.2f} to {item.high:.2f})"
        shapes += [
            Markup('<text x="{}" y="{}" text-anchor="end">{}</text>').format(_LABEL - 8, middle + 4, name),
            _line("interval", x.at(item.low), middle, x.at(item.high), middle),
            Markup('<circle class="gateway" cx="{}" cy="{}" r="3.5"><title>{}</title></circle>').format(
                x.at(item.value), middle, text
            ),
        ]
        if name in bounds:
            shapes.append(_line("bound", x.at(bounds[name]), middle - 7, x.at(bounds[name]), middle + 7))
    words = f"median over legacy's for {len(rows)} rows; the line at 1 is legacy"
    return _svg(words, height, shapes)


def knee(result: LoadResult) -> Markup:
    """Every step by its load and p95; those that broke are marked, and the capacity's interval is shaded."""
    steps = [step for step in result.steps if step.rate]
    if not steps:
        return _nothing("no step was finished")
    x = _Axis(0.0, max(step.level for step in steps) * 1.05, _LEFT, _WIDTH)
    y = _latency_axis([step.p95_ms for step in steps])
    shapes = [*_grid_y(y, "ms"), *_grid_x(x, "arrivals/s" if result.rate else "users")]
    if result.capacity is not None and math.isfinite(result.capacity.level.high):
        left, right = x.at(result.capacity.level.low), x.at(result.capacity.level.high)
        shapes.append(
            Markup('<rect class="capacity" x="{}" y="{}" width="{}" height="{}"/>').format(
                left, _TOP, max(1.0, right - left), _HEIGHT - _BOTTOM - _TOP
            )
        )
    for step in steps:
        text = f"{step.level:.4g}: {step.rate:.1f} requests/s, p95 {step.p95_ms:.0f} ms; {step.reason or 'held'}"
        shapes.append(
            Markup('<circle class="{}" cx="{}" cy="{}" r="4"><title>{}</title></circle>').format(
                "good" if step.held else "bad", x.at(step.level), y.at(step.p95_ms), text
            )
        )
    return _svg(f"{len(steps)} steps of the search, p95 by load", _HEIGHT, shapes)


def _grouped(histogram: Histogram) -> dict[int, float]:
    groups: dict[int, float] = {}
    for bucket, count in histogram.counts.items():
        group = bucket // _GROUPED
        groups[group] = groups.get(group, 0.0) + count / histogram.total
    return groups


def _milliseconds(group: int) -> float:
    return 0.01 * math.exp(group * _GROUPED * math.log(1.01))


def _latency_axis(values: Iterable[float]) -> _Axis:
    known = [value for value in values if value > 0] or [1.0]
    low, high = min(known) / 1.2, max(known) * 1.2
    return _Axis(low, high, _HEIGHT - _BOTTOM, _TOP, log=True)


def _grid_y(axis: _Axis, unit: str, factor: float = 1.0) -> list[Markup]:
    shapes = []
    for tick in axis.ticks():
        height = axis.at(tick)
        shapes.append(_line("grid", _LEFT, height, _WIDTH, height))
        shapes.append(
            Markup('<text x="{}" y="{}" text-anchor="end">{:g} {}</text>').format(
                _LEFT - 6, height + 4, round(tick * factor, 3), unit
            )
        )
    return shapes


def _grid_x(axis: _Axis, unit: str, height: float = _HEIGHT) -> list[Markup]:
    shapes = []
    for tick in axis.ticks():
        text, at = f"{round(tick, 3):g} {unit}", axis.at(tick)
        # The last one would stick out of the picture, and be cut there.
        anchor, at = ("end", _WIDTH) if at + len(text) * _LETTER / 2 > _WIDTH else ("middle", at)
        shapes.append(Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(at, height - 8, anchor, text))
    return shapes


def _line(name: str, *ends: float) -> Markup:
    return Markup('<line class="{}" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(name, *ends)


def _nothing(words: str) -> Markup:
    return Markup('<p class="quiet">{}</p>').format(words)


def _svg(words: str, height: float, shapes: Iterable[Markup]) -> Markup:
    return Markup(
        '<svg class="load" role="img" aria-label="{0}" viewBox="0 0 {1:g} {2:g}"><title>{0}</title>{3}</svg>'
    ).format(words, _WIDTH, height, Markup().join(shapes))
