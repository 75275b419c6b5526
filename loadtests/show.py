"""A load test for people: the line while it runs, the table when it has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from loadtests.during.aftermath import line
from loadtests.results import GATEWAY, LEGACY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.compared import Comparison
    from loadtests.intervals import Interval
    from loadtests.process import Progress
    from loadtests.results import LoadResult, RouteFigures

_SECONDS_A_MINUTE = 60
_BESIDE = ("median over legacy's", "added ms")


def duration(seconds: float) -> str:
    """Seconds as `12 s` or `3 min 05 s`."""
    whole = round(seconds)
    if whole < _SECONDS_A_MINUTE:
        return f"{whole} s"
    return f"{whole // _SECONDS_A_MINUTE} min {whole % _SECONDS_A_MINUTE:02d} s"


def progress_line(progress: Progress, run_time: float) -> str:
    """One line that says how far the run is and how it goes."""
    return (
        f"{duration(min(progress.elapsed, run_time))} of {duration(run_time)},"
        f" {progress.users} users on {progress.side}: {progress.requests} requests, {progress.failures} failed,"
        f" {progress.rps:.0f}/s, p95 {progress.p95_ms:.0f} ms"
    )


def results_table(result: LoadResult) -> Table:
    """One row per route and side, the overall one last; where both sides had load, medians beside legacy's."""
    both = len(result.sides) > 1
    table = Table("route", *(["side"] if both else []), box=None, header_style="bold", pad_edge=False)
    for title in ("requests", "failed", "p50 ms", "p95 ms", "p99 ms", *(_BESIDE if both else ())):
        table.add_column(title, justify="right")
    for name, side, figures in _rows(result):
        cells = [str(figures.requests), f"{figures.error_rate:.1%}" if figures.failures else "0"]
        cells += [_milliseconds(figures.milliseconds(share)) for share in (0.5, 0.95, 0.99)]
        cells += _beside(result.ratios.get(name) if side == GATEWAY else None) if both else []
        table.add_row(name, *([side] if both else []), *cells, style="bold" if name == "overall" else "")
    return table


def verdict_lines(result: LoadResult) -> Iterator[str]:
    """Passed or failed, every reason, and what the figures do not cover."""
    yield f"{'passed' if result.passed else 'failed'}: {result.id}, {load(result)}, {duration(result.run_time)}"
    yield from (f"  {reason}" for reason in result.reasons)
    yield from (f"  {line(disturbance)}" for disturbance in result.disturbances)
    yield from (f"  note: {note}" for note in result.notes)
    if result.left_out:
        yield f"  note: left out, not served by the gateway yet: {', '.join(result.left_out)}"


def load(result: LoadResult) -> str:
    """The load in words: users, or arrivals a second, and the shape where it is not steady."""
    amount = f"{result.rate:g} arrivals/s" if result.rate else f"{result.users} users"
    return amount if result.shape == "steady" else f"{amount}, {result.shape}"


def comparison_lines(result: LoadResult) -> Iterator[str]:
    """All routes of the gateway beside legacy's, each ratio with the interval that is likely to hold it."""
    found = result.ratios.get("overall")
    if found is None or not found.ratios:
        return
    parts = [f"{name} {_interval(item)}" for name, item in found.ratios.items()]
    yield f"gateway over legacy in {found.pairs} pairs of slices: {', '.join(parts)}"
    if "p50" in found.added:
        item = found.added["p50"]
        yield f"  added to the median: {item.value:+.1f} ms ({item.low:+.1f} to {item.high:+.1f})"
    if found.errors is not None:
        item = found.errors
        yield f"  added to the error rate: {item.value:+.2%} ({item.low:+.2%} to {item.high:+.2%})"


def steps_table(result: LoadResult) -> Table:
    """The steps of a search for the knee, in the order in which they were taken."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("arrivals/s" if result.rate else "users", "requests/s", "p95 ms", "failed"):
        table.add_column(title, justify="right")
    table.add_column("")
    for step in result.steps:
        failed = f"{step.error_rate:.1%}" if step.error_rate else "0"
        table.add_row(
            f"{step.level:.4g}", f"{step.rate:.1f}", _milliseconds(step.p95_ms), failed, step.reason or "held"
        )
    return table


def _beside(found: Comparison | None) -> list[str]:
    if found is None:
        return ["", ""]
    ratio, added = found.ratios.get("p50"), found.added.get("p50")
    return [
        _interval(ratio) if ratio else "too few",
        f"{added.value:+.1f} ({added.low:+.1f} to {added.high:+.1f})" if added else "",
    ]


def _interval(item: Interval) -> str:
    return f"{item.value:.2f} ({item.low:.2f} to {item.high:.2f})"


def _rows(result: LoadResult) -> Iterator[tuple[str, str, RouteFigures]]:
    sides = [side for side in (LEGACY, GATEWAY) if side in result.sides]
    names = sorted({name for side in sides for name in result.sides[side].routes})
    for name in names:
        for side in sides:
            if name in result.sides[side].routes:
                yield name, side, result.sides[side].routes[name]
    for side in sides:
        yield "overall", side, result.sides[side].overall


def _milliseconds(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"  # noqa: PLR2004 - three digits are enough
