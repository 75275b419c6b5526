"""Samples behind a signature or a verdict, newest first, judged as of now, with one page in memory at a time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.core.observation import Verdict
from gateway.store.browse import PAGE, Wanted, browse

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from gateway.core.observation import Observation
    from reports.explained import Explanations

_RECORDED = frozenset({Verdict.MATCH, Verdict.INCONCLUSIVE, Verdict.FAILED})
"""Verdicts that are today what was recorded; the others depend on what explains their differences."""


def samples(
    connection: sqlite3.Connection,
    explanations: Explanations,
    wanted: Wanted | None = None,
    verdict: Verdict | None = None,
    page: int = PAGE,
) -> Iterator[Observation]:
    """The samples that are wanted and, when one is named, have this verdict as of now."""
    wanted = wanted or Wanted()
    if verdict in _RECORDED:
        wanted = replace(wanted, verdict=str(verdict))
    for one in browse(connection, wanted, page):
        judged = explanations.judged(one)
        if verdict is None or judged.verdict is verdict:
            yield judged
