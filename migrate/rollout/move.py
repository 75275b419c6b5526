"""Making a move: the change, its audit entry, and who has taken it over."""

from __future__ import annotations

import os
import platform
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gateway.core.routes import Stage
from gateway.flags.store import FlagStore
from gateway.store.audit import AuditEntry, record

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence

    from gateway.flags.flag import Flag, FlagSnapshot
    from gateway.flags.store import Process

PATIENCE = 2.0
"""Seconds that a command waits for running processes."""
_LOOK = 0.01


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A live process, and after how many milliseconds it applied the change; None when it has not."""

    kind: str
    pid: int
    host: str
    address: str
    milliseconds: float | None

    def __str__(self) -> str:
        taken = "has not taken it over" if self.milliseconds is None else f"in {self.milliseconds:.0f} ms"
        first, *others = self.address.split(",")
        listens = f"{first} and {len(others)} more" if others else first
        return f"{self.kind} {listens} (pid {self.pid}) {taken}"


@dataclass(frozen=True, slots=True)
class Move:
    """One flag before and after."""

    before: Flag
    after: Flag

    def __str__(self) -> str:
        return f"{self.after.route}: {standing(self.before)} → {standing(self.after)}"


@dataclass(frozen=True, slots=True)
class Moved:
    """What was stored, under which revision, and who applies it."""

    action: str
    moves: tuple[Move, ...]
    revision: int
    acknowledgements: tuple[Acknowledgement, ...]

    @property
    def everywhere(self) -> bool:
        """Whether every live process applies it."""
        return all(item.milliseconds is not None for item in self.acknowledgements)

    def to_json(self) -> dict[str, Any]:
        """The JSON document that the commands print."""
        return {
            "action": self.action,
            "revision": self.revision,
            "moves": [
                {"route": item.after.route, "before": asdict(item.before), "after": asdict(item.after)}
                for item in self.moves
            ],
            "acknowledged": [asdict(item) for item in self.acknowledgements],
        }


def standing(flag: Flag) -> str:
    """A stage with its share: `canary 5 %`, `canary 5 % + 2 named`."""
    if flag.stage is not Stage.CANARY:
        return str(flag.stage)
    named = f" + {len(flag.named)} named" if flag.named else ""
    return f"canary {flag.percent:g} %{named}"


def make(
    connection: sqlite3.Connection,
    action: str,
    moves: Sequence[Move],
    expected: FlagSnapshot,
    overridden: dict[str, list[str]] | None = None,
    patience: float = PATIENCE,
) -> Moved:
    """Store the moves as one revision, write the audit trail, and wait for the live processes.

    `overridden` holds, per route, what a forced move passed over; it goes into the audit trail.

    Raises:
        RefusedError: one of the flags was changed meanwhile; nothing was stored.
    """
    store = FlagStore(connection)
    snapshot = store.change([item.after for item in moves], expected=expected)
    for item in moves:
        after = snapshot.flag(item.after.route)
        detail = {"before": asdict(item.before), "after": asdict(after)}
        if overridden and after.route in overridden:
            detail["overridden"] = {"blockers": overridden[after.route]}
        record(connection, AuditEntry(after.at, after.by, action, after.route, after.reason, detail))
    made = tuple(Move(item.before, snapshot.flag(item.after.route)) for item in moves)
    return Moved(action, made, snapshot.revision, _await(store, made[0].after, patience))


def _await(store: FlagStore, flag: Flag, patience: float) -> tuple[Acknowledgement, ...]:
    deadline = time.monotonic() + patience
    while True:
        live = [process for process in store.processes() if _runs(process)]
        if all(process.revision >= flag.revision for process in live) or time.monotonic() > deadline:
            return tuple(_acknowledgement(process, flag) for process in live)
        time.sleep(_LOOK)


def _acknowledgement(process: Process, flag: Flag) -> Acknowledgement:
    taken = process.revision >= flag.revision
    milliseconds = max(0.0, process.applied - flag.at) * 1000 if taken else None
    return Acknowledgement(process.kind, process.pid, process.host, process.address, milliseconds)


def _runs(process: Process) -> bool:
    # A process that was killed is still listed for some seconds; on this host we can look.
    if process.host != platform.node():
        return True
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
