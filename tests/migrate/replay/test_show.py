from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from gateway.core.observation import Bucket, Difference, DifferenceKind, Observation, Verdict
from migrate.replay.outcome import Outcome, Played
from migrate.replay.show import progress, show_account, show_outcome
from shadow.recording.recorded import Recording
from shadow.replay import account
from tests.apps.played import entry, placed, session


def console(*, terminal: bool = False) -> tuple[Console, io.StringIO]:
    """A console of 120 columns and what it writes to."""
    out = io.StringIO()
    return Console(file=out, width=120, force_terminal=terminal), out


def test_an_account_shows_routes_reasons_and_totals() -> None:
    """Every route with its count, every reason and whether it is a gap, and the sums."""
    where, out = console()
    entries = (*session(), replace(entry("GET", "/more[bold]\x9b", number=6), notes=("body was gzip",)))
    show_account(where, Recording(Path("x.har"), "har", entries), account(placed(*entries)))
    text = out.getvalue()
    for expected in (
        "x.har: 7 exchanges",
        "notes.end",
        "no route for GET /nope on notes",
        "explained",
        "/more[bold]? on notes",
        "a gap of the table",
        "7 exchanges: 5 on 4 routes, 2 without a route",
        "a shadow would copy: 2 dry-run, 2 read, 1 none: off",
        "note: exchange 6: body was gzip",
    ):
        assert expected in text


def test_an_empty_account_is_one_line() -> None:
    """A recording without exchanges shows no table."""
    where, out = console()
    show_account(where, Recording(Path("x.har"), "har", ()), account(()))
    assert out.getvalue() == "0 exchanges: 0 on 0 routes, 0 without a route\n"


def test_an_outcome_shows_verdicts_and_every_mismatch() -> None:
    """Counts by route, what was not compared, each place with both values, stray requests, totals."""
    where, out = console()
    difference = Difference("body", "$.a", DifferenceKind.CHANGED, "1", "2")
    bad = Observation("o", "notes.list", 0.0, Verdict.MISMATCH, "read", "replay", "d", differences=(difference,))
    failed = replace(bad, verdict=Verdict.FAILED, differences=(), note="no answer")
    played = (
        Played(0, "notes.list", Bucket.COMPARED, observation=bad),
        Played(1, "notes.list", Bucket.FAILED, observation=failed),
        Played(2, "notes.inner", Bucket.OFF, "internal"),
    )
    show_outcome(where, Outcome(account(()), played, ("notes: GET /x",)))
    text = out.getvalue()
    for expected in (
        "exchange 0 notes.list: mismatch: body $.a changed: legacy '1', gateway '2'",
        "exchange 1 notes.list: failed: no answer",
        "not compared: 1 x internal",
        "upstream request that belongs to no exchange: notes: GET /x",
        "3 exchanges: 1 compared, 1 failed, 1 off; 2 exchanges differ",
    ):
        assert expected in text


def test_a_clean_outcome_says_so() -> None:
    """The last line is the result."""
    where, out = console()
    good = Observation("o", "notes.list", 0.0, Verdict.MATCH, "read", "replay", "d")
    show_outcome(where, Outcome(account(()), (Played(0, "notes.list", Bucket.COMPARED, observation=good),)))
    assert out.getvalue().endswith("1 exchanges: 1 compared; no mismatch\n")


def test_progress_shows_only_on_a_terminal() -> None:
    """A pipe gets nothing, a terminal a bar that goes away."""
    for terminal in (False, True):
        where, out = console(terminal=terminal)
        with progress(where, 3) as report:
            report(2)
        assert bool(out.getvalue()) is terminal
