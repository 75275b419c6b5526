"""A replay for people: tables on the terminal, progress where there is one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from gateway.core.observation import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from migrate.replay.outcome import Outcome
    from shadow.recording.recorded import Recording
    from shadow.replay import Account

_WIDTH = 60


def show_account(console: Console, recording: Recording, account: Account) -> None:
    """Routes with their counts, what has no route and why, and the totals."""
    if account.by_route:
        title = f"{_safe(recording.path.name)}: {account.exchanges} exchanges"
        table = Table("route", title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
        table.add_column("exchanges", justify="right")
        for route, count in account.by_route.items():
            table.add_row(route, str(count))
        console.print(table)
    _show_reasons(console, account)
    routed = sum(account.by_route.values())
    console.print(
        f"{account.exchanges} exchanges: {routed} on {len(account.by_route)} routes,"
        f" {account.exchanges - routed} without a route"
    )
    if account.copies:
        copies = ", ".join(f"{count} {how}" for how, count in account.copies.items())
        console.print(f"a shadow would copy: {copies}", soft_wrap=True)
    _show_hint(console, account)
    for entry in recording.entries:
        for note in entry.notes:
            console.print(f"note: exchange {entry.number}: {_safe(note)}", soft_wrap=True)


def _show_reasons(console: Console, account: Account) -> None:
    if not account.not_routed:
        return
    table = Table("without a route", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("exchanges", justify="right")
    table.add_column("")
    for reason, count in account.not_routed.items():
        table.add_row(
            _safe(reason), str(count), "[red]a gap of the table[/]" if reason in account.gaps else "explained"
        )
    console.print(table)


def _show_hint(console: Console, account: Account) -> None:
    if account.hint:
        console.print(_safe(account.hint), soft_wrap=True)


def show_outcome(console: Console, outcome: Outcome) -> None:
    """Verdicts by route, what was not compared and why, every mismatch with its places, and the totals."""
    table = Table("route", title="closed replay", title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for verdict in Verdict:
        table.add_column(str(verdict), justify="right")
    for route, counts in outcome.verdicts.items():
        table.add_row(route, *(str(counts.get(verdict, "")) for verdict in Verdict))
    console.print(table)
    value = outcome.to_json()
    for reason, count in {**value["not_routed"], **value["not_compared"]}.items():
        console.print(f"not compared: {count} x {_safe(reason)}", soft_wrap=True)
    _show_hint(console, outcome.account)
    for entry in value["mismatches"]:
        console.print(_safe(_line(entry)), soft_wrap=True)
    for call in outcome.stray:
        console.print(f"upstream request that belongs to no exchange: {_safe(call)}", soft_wrap=True)
    buckets = ", ".join(f"{count} {bucket}" for bucket, count in value["buckets"].items())
    result = "no mismatch" if outcome.clean else f"{len(outcome.bad)} exchanges differ"
    console.print(f"{len(outcome.played)} exchanges: {buckets}; {result}")


def _line(entry: dict[str, str]) -> str:
    head = f"exchange {entry['exchange']} {entry['route']}: {entry['verdict']}"
    if "location" not in entry:
        return f"{head}: {entry['note']}"
    place = f"{entry['location']} {entry['path']}".strip()
    return (
        f"{head}: {place} {entry['kind']}: legacy {entry['legacy'][:_WIDTH]!r}, gateway {entry['gateway'][:_WIDTH]!r}"
    )


def _safe(text: str) -> str:
    # A recording is somebody else's text: neither markup nor terminal control may come out of it.
    return escape("".join(char if char.isprintable() else "?" for char in text))


@contextmanager
def progress(console: Console, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, nothing elsewhere; yields what takes the number done."""
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("replay", total=total)
        yield lambda done: bar.update(task, completed=done)
