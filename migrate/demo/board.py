"""The live board of the demo: route groups filling with verdicts while the session plays."""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from typing import TYPE_CHECKING

from rich.table import Table

from gateway.core.observation import Bucket
from gateway.store.database import open_store
from reports.evidence import gather
from reports.figures import percent

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.core.table import RouteTable
    from reports.nouns import Evidence, RouteEvidence

_BAR = 16


def read(store: Path, table: RouteTable) -> Evidence:
    """The evidence as it stands."""
    with closing(open_store(store, create=False)) as connection:
        return gather(connection, table)


def pending(evidence: Evidence) -> int:
    """Primary requests whose copy is still under way."""
    return evidence.buckets.get(Bucket.PENDING, 0)


def board(evidence: Evidence) -> Table:
    """One row per group of routes that was seen: stage, observations by verdict, match rate."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("routes", "stage", "observed", "match", "expected", "mismatch", "failed"):
        table.add_column(name, justify="left" if name in {"routes", "stage"} else "right")
    table.add_column("match rate")
    for group, members in sorted(_groups(evidence).items()):
        table.add_row(*_row(group, members))
    return table


def _groups(evidence: Evidence) -> dict[str, list[RouteEvidence]]:
    groups: dict[str, list[RouteEvidence]] = defaultdict(list)
    for route, seen in evidence.routes.items():
        if seen.observed.total:
            groups[route.partition(".")[0]].append(seen)
    return groups


def _row(group: str, members: list[RouteEvidence]) -> list[str]:
    stages = sorted({member.flag.stage for member in members}, key=lambda stage: stage.rank)
    tallies = [member.observed for member in members]
    match, expected = sum(t.match for t in tallies), sum(t.expected for t in tallies)
    mismatch, failed = sum(t.mismatch for t in tallies), sum(t.failed for t in tallies)
    total = sum(t.total for t in tallies)
    trials = sum(t.trials for t in tallies)
    rate = (match + expected) / trials if trials else 0.0
    filled = int(rate * _BAR)
    colour = "green" if not mismatch + failed else "red"
    bar = f"[{colour}]{'█' * filled}[/{colour}][dim]{'░' * (_BAR - filled)}[/dim] {percent(rate):>7}"
    name = f"{group}.*" if len(members) > 1 else members[0].route
    counts = [str(number) if number else "·" for number in (total, match, expected, mismatch, failed)]
    return [name, " ".join(stages), *counts, bar]
