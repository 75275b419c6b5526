from __future__ import annotations

import io

from rich.console import Console

from migrate.exercise.result import Exercised, ExerciseRun, Outcome
from migrate.exercise.show import progress, text


def test_every_dry_run_is_a_line_and_its_worth_is_said() -> None:
    """Controls of what was recorded are shown as escapes."""
    said = text(
        ExerciseRun(
            (
                Exercised("a", "query:limit", "declared", Outcome.SAME),
                Exercised("b", "", "openapi", Outcome.DIFFERENT, "upstream.query \x1b[2J"),
            ),
            (("c", "why"),),
        )
    )
    assert "same      a [declared] query:limit" in said
    assert "different b [openapi] without parameters: upstream.query \\x1b[2J" in said
    assert "skipped   c: why" in said
    assert "1 same, 1 different" in said
    assert "weaker evidence" in said


def test_progress_is_for_terminals() -> None:
    """Elsewhere nothing is printed."""
    out = io.StringIO()
    with progress(Console(file=out), 3) as report:
        report(1)
    assert out.getvalue() == ""
    with progress(Console(file=out, force_terminal=True), 3) as report:
        report(3)
    assert "exercising" in out.getvalue()
