"""A run of exercises for people: a line for each dry run, and what it is worth."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from migrate.exercise.result import Outcome
from reports.figures import count, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from migrate.exercise.result import ExerciseRun


def text(run: ExerciseRun) -> str:
    """Every dry run, what was left out and why, and the totals."""
    lines = []
    for one in run.exercised:
        why = f": {plain(one.detail, 300)}" if one.detail else ""
        lines.append(f"{one.outcome:<9} {one.route} [{one.origin}] {plain(one.shape) or 'without parameters'}{why}")
    lines += [f"skipped   {route}: {reason}" for route, reason in run.skipped]
    return "\n".join([*lines, _summary(run)])


def _summary(run: ExerciseRun) -> str:
    outcomes = Counter(one.outcome for one in run.exercised)
    parts = ", ".join(f"{outcomes[outcome]} {outcome}" for outcome in Outcome if outcomes[outcome])
    routes = len({one.route for one in run.exercised})
    made = f"{count(len(run.exercised), 'dry run')} of {count(routes, 'route')}"
    return (
        f"{made}: {parts or 'nothing was exercised'}. Nothing was executed; this is weaker evidence than a caller's"
        " own call: it may complete coverage, and never counts for the match rate."
    )


@contextmanager
def progress(console: Console, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, nothing elsewhere; yields what takes the number of dry runs made."""
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("exercising"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("exercise", total=total)
        yield lambda done: bar.update(task, completed=done)
