from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from loadtests.process import Progress
from loadtests.show import duration, progress_line, results_table, verdict_lines
from tests.loadtests.test_results import RESULT


def test_durations_read_well() -> None:
    """Seconds below a minute, minutes and seconds above."""
    assert [duration(value) for value in (4.4, 59.6, 125)] == ["4 s", "1 min 00 s", "2 min 05 s"]


def test_progress_is_one_line() -> None:
    """How far, how many, how well."""
    line = progress_line(Progress(3.2, 5, 120, 2, 37.5, 41.4, "gateway"), 10)
    assert line == "3 s of 10 s, 5 users on gateway: 120 requests, 2 failed, 38/s, p95 41 ms"


def test_the_table_ends_with_the_overall_rows() -> None:
    """One row per route and side, and the ratio beside the gateway's."""
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(results_table(RESULT))
    lines = [line.split() for line in console.export_text().splitlines()]
    assert [line[:2] for line in lines[-2:]] == [["overall", "legacy"], ["overall", "gateway"]]
    row = next(line for line in lines if line[:2] == ["a", "gateway"])
    assert (row[2], row[3]) == ("100", "4.0%")
    assert 1.97 < float(row[-1]) < 2.03


def test_one_side_needs_no_side_column() -> None:
    """A run on one side shows neither side nor ratio."""
    alone = replace(RESULT, target="gateway", sides={"gateway": RESULT.sides["gateway"]})
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(results_table(alone))
    assert console.export_text().splitlines()[0].split()[:2] == ["route", "requests"]


def test_the_verdict_lists_every_reason_and_gap() -> None:
    """Failed first, then why, then what was not covered."""
    lines = list(verdict_lines(replace(RESULT, reasons=("a: slow",), notes=("not called in this run: b",))))
    assert lines[0].startswith("failed: load-1")
    assert [line.strip() for line in lines[1:]] == [
        "a: slow",
        "note: not called in this run: b",
        "note: left out, not served by the gateway yet: c",
    ]
