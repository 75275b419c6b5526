from __future__ import annotations

import io

from rich.console import Console

from migrate.probe.result import NotAsked, ProbeRun, Wrong, judged
from migrate.probe.show import progress, show, summary

GOOD = judged("anonymous", "a", "401", [None])
BAD = judged("anonymous", "b", "401", [Wrong("status", "401", "2[bold]00\x1b[2J", "how")])
MISSING = tuple(NotAsked("identity", f"r{number}", "set a token") for number in range(5))


def run(*results: object, target: str = "gateway", not_asked: tuple[NotAsked, ...] = ()) -> ProbeRun:
    """A run of two routes."""
    return ProbeRun("p", 1.0, target, 0.5, 7, results, not_asked, {"a": "1", "b": "2"})  # type: ignore[arg-type]


def shown(found: ProbeRun) -> str:
    """What is printed."""
    console = Console(file=io.StringIO(), width=200)
    show(console, found)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_a_clean_run_is_short() -> None:
    """A row per probe and one line."""
    text = shown(run(GOOD))
    assert "anonymous" in text
    assert text.rstrip().endswith("gateway: 1 probes of 2 routes, 7 requests, 0.5 s: all passed")


def test_failures_name_their_place() -> None:
    """What the other side wrote can neither style nor control the terminal."""
    text = shown(run(GOOD, BAD))
    assert "failed anonymous: b: status: expected 401, seen 2[bold]00?[2J (how)" in text
    assert "1 failed on 1 routes" in text


def test_what_was_not_asked_is_grouped() -> None:
    """Some routes by name, the others counted, with the reason once."""
    text = shown(run(GOOD, not_asked=MISSING))
    assert "not asked identity: r0, r1, r2 and 2 more: set a token" in text
    assert "5 could not be asked" in text


def test_what_legacy_lets_through_is_said_so() -> None:
    """The known state of a service is told as such."""
    assert summary(run(GOOD, BAD, target="legacy")).endswith("1 failed on 1 routes, which the service lets through")


def test_progress_is_for_terminals() -> None:
    """Elsewhere nothing is written."""
    pipe, terminal = io.StringIO(), io.StringIO()
    with progress(Console(file=pipe), 2) as report:
        report(1)
    with progress(Console(file=terminal, force_terminal=True), 2) as report:
        report(2)
    assert pipe.getvalue() == ""
    assert "probing" in terminal.getvalue()
