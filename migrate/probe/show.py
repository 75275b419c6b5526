"""Probes for people: a row per probe, what failed and what could not be asked; progress on a terminal."""

from __future__ import annotations

from collections import Counter, defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from migrate.probe.result import GATEWAY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from migrate.probe.result import ProbeRun

_WIDTH = 80
_FEW = 3


def show(console: Console, run: ProbeRun) -> None:
    """A row per probe, every failure with its place, what was not asked and why, and the totals."""
    console.print(_table(run))
    for item in run.failed:
        asked = f" ({_safe(item.detail)})" if item.detail else ""
        console.print(
            f"[red]failed[/] {item.probe}: {item.route}: {_safe(item.location)}:"
            f" expected {_safe(item.expected)}, seen {_safe(item.seen)}{asked}",
            soft_wrap=True,
        )
    reasons: dict[tuple[str, str], list[str]] = defaultdict(list)
    for missing in run.not_asked:
        reasons[missing.probe, missing.reason].append(missing.route)
    for (probe, reason), routes in reasons.items():
        more = f" and {len(routes) - _FEW} more" if len(routes) > _FEW else ""
        console.print(f"not asked {probe}: {', '.join(routes[:_FEW])}{more}: {_safe(reason)}", soft_wrap=True)
    console.print(summary(run), markup=False, soft_wrap=True)


def summary(run: ProbeRun) -> str:
    """One line: what was asked of how many routes, and how it ended."""
    routes = len(run.digests)
    asked = (
        f"{run.target}: {len(run.results)} probes of {routes} routes, {run.requests} requests, {run.seconds:.1f} s"
    )
    if run.passed:
        return f"{asked}: all passed"
    parts = []
    if run.failed:
        bad = len({item.route for item in run.failed})
        let = "" if run.target == GATEWAY else ", which the service lets through"
        parts.append(f"{len(run.failed)} failed on {bad} routes{let}")
    if run.not_asked:
        parts.append(f"{len(run.not_asked)} could not be asked")
    return f"{asked}: {'; '.join(parts)}"


def _table(run: ProbeRun) -> Table:
    table = Table("probe", title=f"probes of {run.target}", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    columns = ("passed", "failed", "not asked")
    for name in columns:
        table.add_column(name, justify="right")
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for item in run.results:
        counts[item.probe]["passed" if item.passed else "failed"] += 1
    for missing in run.not_asked:
        counts[missing.probe]["not asked"] += 1
    for probe, by in counts.items():
        table.add_row(probe, *(str(by[name] or "") for name in columns))
    return table


def _safe(text: str) -> str:
    # Answers are somebody else's text: neither markup nor terminal control may come out of it.
    shown = "".join(char if char.isprintable() else "?" for char in text)
    return escape(shown if len(shown) <= _WIDTH else shown[:_WIDTH] + "…")


@contextmanager
def progress(console: Console, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, nothing elsewhere; yields what takes the number done."""
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("probing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("probe", total=total)
        yield lambda done: bar.update(task, completed=done)
