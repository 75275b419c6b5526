from __future__ import annotations

import platform
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import RefusedError
from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore, Process
from gateway.flags.watch import FlagWatch
from gateway.store.audit import trail
from gateway.store.database import open_store
from migrate.rollout.move import Move, make, standing

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

FORWARD = Move(Flag("a"), Flag("a", Stage.SHADOW, by="eva", reason="why", forced=True))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store stands."""
    return tmp_path / "cutover.db"


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    """A fresh store."""
    with closing(open_store(path)) as connection:
        yield connection


def test_a_move_is_stored_and_audited(connection: sqlite3.Connection) -> None:
    """With who, why, before, after, and what force passed over."""
    expected = FlagStore(connection).snapshot()
    moved = make(connection, "promote", [FORWARD], expected, {"a": ["parity: none"]})
    assert FlagStore(connection).snapshot().flag("a").stage is Stage.SHADOW
    (entry,) = trail(connection)
    assert (entry.action, entry.subject, entry.by, entry.reason) == ("promote", "a", "eva", "why")
    assert entry.detail["overridden"] == {"blockers": ["parity: none"]}
    assert (entry.detail["before"]["stage"], entry.detail["after"]["stage"]) == ("legacy", "shadow")
    assert (moved.revision, moved.everywhere, moved.acknowledgements) == (1, True, ())
    assert str(moved.moves[0]) == "a: legacy → shadow"
    assert moved.to_json()["moves"][0]["after"]["revision"] == 1


def test_a_move_against_an_older_snapshot_stores_nothing(connection: sqlite3.Connection) -> None:
    """Neither flag nor audit entry."""
    expected = FlagStore(connection).snapshot()
    make(connection, "promote", [FORWARD], expected)
    with pytest.raises(RefusedError, match="changed meanwhile"):
        make(connection, "rollback", [FORWARD], expected)
    assert len(trail(connection)) == 1


def test_a_running_process_acknowledges_in_milliseconds(connection: sqlite3.Connection, path: Path) -> None:
    """The command does not wait longer than the slowest process."""
    watch = FlagWatch(path, "gateway", "127.0.0.1:8800")
    watch.start()
    try:
        deadline = time.monotonic() + 10
        while not FlagStore(connection).processes():
            assert time.monotonic() < deadline
            time.sleep(0.005)
        moved = make(connection, "promote", [FORWARD], FlagStore(connection).snapshot(), patience=10)
    finally:
        watch.stop()
    (item,) = moved.acknowledgements
    assert moved.everywhere
    assert item.milliseconds is not None
    assert item.milliseconds < 1000
    assert str(item).startswith("gateway 127.0.0.1:8800 (pid ")


def test_a_process_that_does_not_follow_is_named(connection: sqlite3.Connection) -> None:
    """After the patience is over."""
    now = time.time()
    elsewhere = Process("1", "shadow", 1, "another-host", "127.0.0.1:1", now, now + 60, 0, now)
    FlagStore(connection).announce(elsewhere)
    moved = make(connection, "promote", [FORWARD], FlagStore(connection).snapshot(), patience=0.05)
    assert not moved.everywhere
    assert "has not taken it over" in str(moved.acknowledgements[0])


def test_a_process_that_was_killed_is_not_waited_for(connection: sqlite3.Connection) -> None:
    """Its entry outlives it for some seconds, and the system knows better."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    now = time.time()
    FlagStore(connection).announce(Process("1", "shadow", done.pid, platform.node(), "x", now, now + 60, 0, now))
    assert make(connection, "promote", [FORWARD], FlagStore(connection).snapshot(), patience=5).acknowledgements == ()


def test_a_stage_is_said_with_its_share() -> None:
    """Only a canary has one."""
    canary = Flag("a", Stage.CANARY, percent=2.5)
    assert standing(canary) == "canary 2.5 %"
    assert standing(replace(canary, named=("user:u1", "org:o1"))) == "canary 2.5 % + 2 named"
    assert standing(replace(canary, stage=Stage.GATEWAY)) == "gateway"
