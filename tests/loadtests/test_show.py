from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from loadtests.process import Progress
from loadtests.show import comparison_lines, duration, load, progress_line, results_table, steps_table, verdict_lines
from tests.loadtests.test_results import KNEE, RESULT


def test_durations_read_well() -> None:
    """Seconds below a minute, minutes and seconds above."""
    assert [duration(value) for value in (4.4, 59.6, 125)] == ["4 s", "1 min 00 s", "2 min 05 s"]


def test_progress_is_one_line() -> None:
    """How far, how many, how well."""
    line = progress_line(Progress(3.2, 5, 120, 2, 37.5, 41.4, "gateway"), 10)
    assert line == "3 s of 10 s, 5 users on gateway: 120 requests, 2 failed, 38/s, p95 41 ms"


def test_the_table_ends_with_the_overall_rows() -> None:
    """One row per route and side, and the ratio beside the gateway's."""
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(results_table(RESULT))
    lines = [line.split() for line in console.export_text().splitlines()]
    assert [line[:2] for line in lines[-2:]] == [["overall", "legacy"], ["overall", "gateway"]]
    row = next(line for line in lines if line[:2] == ["a", "gateway"])
    assert (row[2], row[3]) == ("100", "4.0%")
    assert " ".join(row[7:]) == "2.00 (1.90 to 2.10) +10.0 (+9.0 to +11.0)"


def test_one_side_needs_no_side_column() -> None:
    """A run on one side shows neither side nor ratio."""
    alone = replace(RESULT, target="gateway", sides={"gateway": RESULT.sides["gateway"]})
    console = Console(width=140, record=True, file=io.StringIO())
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


def test_both_sides_are_compared_in_words() -> None:
    """Each ratio of all routes with its interval, what is added to the median and to the error rate."""
    assert list(comparison_lines(RESULT)) == [
        "gateway over legacy in 5 pairs of slices: p50 2.00 (1.90 to 2.10), throughput 0.50 (0.40 to 0.60)",
        "  added to the median: +10.0 ms (+9.0 to +11.0)",
        "  added to the error rate: +4.00% (+2.00% to +6.00%)",
    ]
    assert list(comparison_lines(KNEE)) == []


def test_a_search_shows_its_steps() -> None:
    """Load, answers, p95, and what broke."""
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(steps_table(KNEE))
    lines = console.export_text().splitlines()
    assert len(lines) == 4
    assert lines[1].split()[-1] == "held"
    assert "40% of the answers are late" in lines[3]


def test_the_load_is_named_by_what_makes_it() -> None:
    """Users or arrivals, and the shape where it is not steady."""
    assert load(RESULT) == "3 users"
    assert load(KNEE) == "3 users, knee"
    assert load(replace(RESULT, rate=50.0, shape="spike")) == "50 arrivals/s, spike"
