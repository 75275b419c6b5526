"""An observation as a row, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from gateway.core.observation import Difference, DifferenceKind, Observation, Verdict

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

_NAMES = (
    "id", "route", "at", "verdict", "mode", "source", "digest", "subject", "shape", "legacy_status", "gateway_status",
    "legacy_seconds", "gateway_seconds", "refused", "differences", "legacy", "gateway", "note", "revision",
)  # fmt: skip
COLUMNS = ", ".join(f"o.{name}" for name in _NAMES)
"""What a query over `observations o` selects for `observation`."""
_INSERT = (
    f"INSERT INTO observations ({', '.join(_NAMES)}) VALUES ({', '.join('?' * len(_NAMES))})"  # noqa: S608 - names
    " ON CONFLICT (id) DO NOTHING"
)


def insert(connection: sqlite3.Connection, observations: Iterable[Observation]) -> None:
    """Store observations whole; one that is there stays."""
    connection.executemany(_INSERT, (_row(one) for one in observations))


def observation(row: sqlite3.Row) -> Observation:
    """The observation of a row; one of an older store has no flag revision."""
    values: dict[str, Any] = dict(row)
    values["verdict"] = Verdict(values["verdict"])
    values["differences"] = tuple(
        Difference(**{**item, "kind": DifferenceKind(item["kind"])}) for item in json.loads(values["differences"])
    )
    values["legacy"] = json.loads(values["legacy"])
    values["gateway"] = json.loads(values["gateway"])
    return Observation(**values)


def _row(one: Observation) -> list[Any]:
    special = {
        "differences": lambda: json.dumps([asdict(difference) for difference in one.differences]),
        "legacy": lambda: json.dumps(one.legacy),
        "gateway": lambda: json.dumps(one.gateway),
    }
    return [special[name]() if name in special else getattr(one, name) for name in _NAMES]
