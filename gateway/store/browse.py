"""Samples in the order of time, page by page: however many there are, one page is in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.store import rows

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from gateway.core.observation import Observation

PAGE = 200
"""Observations read at a time; each is a few kilobytes."""
_OF_SIGNATURE = (
    "o.id IN (SELECT s.id FROM samples s"
    " WHERE s.route IN (SELECT g.route FROM sightings g WHERE g.signature = ?) AND s.cell IN (?, ?))"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which samples: of these routes (none named: of all), from `since` on and before `until` (epoch seconds).

    Of one recorded verdict, source or digest, and those in which a signature was seen, where they are named.
    """

    routes: tuple[str, ...] = ()
    since: float | None = None
    until: float | None = None
    verdict: str = ""
    source: str = ""
    digest: str = ""
    signature: str = ""


def browse(connection: sqlite3.Connection, wanted: Wanted | None = None, page: int = PAGE) -> Iterator[Observation]:
    """The samples that are wanted, newest first, those of one moment by descending id.

    Each page begins where the last one ended (time and id), so that what is written meanwhile neither repeats nor
    hides one, and no statement stays open while the caller thinks.
    """
    conditions, values = _conditions(wanted or Wanted())
    place: list[Any] = []
    while True:
        after = ["o.at <= ? AND (o.at < ? OR o.id < ?)"] if place else []
        where = " AND ".join([*conditions, *after])
        text = f"SELECT {rows.COLUMNS} FROM observations o"  # noqa: S608 - column names only
        if where:
            text += f" WHERE {where}"
        found = connection.execute(
            f"{text} ORDER BY o.at DESC, o.id DESC LIMIT ?", [*values, *place, page]
        ).fetchall()
        for row in found:
            yield rows.observation(row)
        if len(found) < page:
            return
        place = [found[-1]["at"], found[-1]["at"], found[-1]["id"]]


def _conditions(wanted: Wanted) -> tuple[list[str], list[Any]]:
    conditions: list[str] = []
    values: list[Any] = []
    if wanted.routes:
        conditions.append(f"o.route IN ({', '.join('?' * len(wanted.routes))})")
        values += wanted.routes
    for text, value in (("o.at >= ?", wanted.since), ("o.at < ?", wanted.until)):
        if value is not None:
            conditions.append(text)
            values.append(value)
    for name in ("verdict", "source", "digest"):
        if getattr(wanted, name):
            conditions.append(f"o.{name} = ?")
            values.append(getattr(wanted, name))
    if wanted.signature:
        conditions.append(_OF_SIGNATURE)
        values += [wanted.signature, wanted.signature, f"~{wanted.signature}"]
    return conditions, values
