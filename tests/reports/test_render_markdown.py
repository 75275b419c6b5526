from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reports import diff_report, readiness_report, render_markdown
from reports.figures import PAST_THE_SHADOW
from tests.reports import rendering
from tests.reports.builders import OPEN, ROUTE, WRITE, clean, store, table

if TYPE_CHECKING:
    from pathlib import Path


def cells(row: str) -> list[str]:
    """The cells of a table row, as a Markdown reader cuts them."""
    return re.split(r"(?<!\\)\|", row)[1:-1]


def test_a_row_for_each_signature(tmp_path: Path) -> None:
    """Every row has as many cells as the head, whatever was recorded."""
    text = render_markdown.diffs(rendering.diffs(tmp_path))
    parts = text.split("### Exercised")
    tables = [[line for line in part.split("\n") if line.startswith("|")] for part in parts]
    assert [{len(cells(line)) for line in table} for table in tables] == [{9}, {6}]
    assert f"`{OPEN.signature(ROUTE)}`" in text
    assert "**2 open signatures**, 1 explained" in text


def test_recorded_text_is_no_markup(tmp_path: Path) -> None:
    """Outside code spans there is no tag, no mention and no link; a code span ends where it should."""
    for text in (
        render_markdown.diffs(rendering.diffs(tmp_path / "d")),
        render_markdown.readiness(rendering.readiness(tmp_path / "r")),
    ):
        outside = re.sub(r"`[^`\n]*`", "", text)
        assert "<script" not in outside
        assert "@all" not in outside
        assert "[x](" not in outside
        assert "\x1b" not in text


def test_readiness_rows(tmp_path: Path) -> None:
    """A row for each route with what it misses."""
    text = render_markdown.readiness(rendering.readiness(tmp_path))
    assert "**0 of 2 routes ready for the next step** (parity target 99.9 %)" in text
    assert "load test: run" in text


def test_no_difference(tmp_path: Path) -> None:
    """An empty report says so, and differently when nothing was compared."""
    made = store(tmp_path / "clean", clean(2))
    assert "No difference." in render_markdown.diffs(diff_report.build(made.db, made.evidence()))
    empty = store(tmp_path / "empty")
    text = render_markdown.diffs(diff_report.build(empty.db, empty.evidence()))
    assert "Nothing was compared yet" in text
    assert "No difference." not in text


def test_what_is_in_no_number_is_said_once(tmp_path: Path) -> None:
    """Both reports name the calls that nobody sees, below the table and not as a row of it."""
    for text in (
        render_markdown.diffs(rendering.diffs(tmp_path / "d")),
        render_markdown.readiness(rendering.readiness(tmp_path / "r")),
    ):
        assert text.endswith(f"|\n\n{PAST_THE_SHADOW}\n")
        assert text.count(PAST_THE_SHADOW) == 1


def test_exercised_shapes_stand_apart_as_weaker_evidence(tmp_path: Path) -> None:
    """In a table of their own: which shapes of which route, how often, when, and what was found."""
    for text in (
        render_markdown.diffs(rendering.diffs(tmp_path / "d")),
        render_markdown.readiness(rendering.readiness(tmp_path / "r")),
    ):
        assert "### Exercised: weaker evidence" in text
        assert f"| `{WRITE}` | without parameters | 1 | not compared (weaker) | 2027-01-15 07:50:00Z |" in text
        assert "| 2 | alike (weaker) | 2027-01-15 07:58:30Z | 2027-01-15 07:59:30Z |" in text
    assert "Exercised" not in render_markdown.readiness(readiness_report.build(store(tmp_path).evidence(), table()))
