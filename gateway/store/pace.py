"""How fast the shadow copies each service at this moment, as its worker said last."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_KEY = "pace"


@dataclass(frozen=True, slots=True)
class ServicePace:
    """The share of a service's copies that are made, said at `at` (epoch seconds), and which route is slowest.

    `seconds` is how long that route takes to begin its answers now, `usual` how long at best.
    """

    service: str
    share: float
    at: float
    route: str = ""
    seconds: float = 0.0
    usual: float = 0.0


def put_paces(connection: sqlite3.Connection, paces: Iterable[ServicePace]) -> None:
    """Replace what was said before."""
    text = json.dumps([asdict(pace) for pace in paces])
    connection.execute(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value", [_KEY, text]
    )


def paces(connection: sqlite3.Connection) -> dict[str, ServicePace]:
    """What was said last, by service."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", [_KEY]).fetchone()
    return {item["service"]: ServicePace(**item) for item in json.loads(row[0])} if row else {}
