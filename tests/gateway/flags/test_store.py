from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import RefusedError
from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import ALIVE, FlagStore, Process
from gateway.store.database import open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FLAG = Flag("a", Stage.SHADOW, by="eva", reason="start", named=("user:ü",), sunset="2027-01-01", forced=True)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FlagStore]:
    """A fresh store whose clock stands at 100."""
    with closing(open_store(tmp_path / "cutover.db")) as connection:
        yield FlagStore(connection, lambda: 100.0)


def test_a_fresh_store_is_at_revision_0_with_a_salt_of_its_own(store: FlagStore, tmp_path: Path) -> None:
    """Two stores bucket differently."""
    with closing(open_store(tmp_path / "other.db")) as connection:
        other = FlagStore(connection).snapshot()
    assert store.snapshot().revision == 0
    assert store.snapshot().salt == store.snapshot().salt != other.salt


def test_a_change_is_stored_with_revision_time_and_everything_said(store: FlagStore) -> None:
    """What is read back is what was stored."""
    after = store.change([FLAG], expected=store.snapshot())
    assert after.revision == 1
    assert after.flag("a") == replace(FLAG, revision=1, at=100.0)
    assert store.snapshot() == after


def test_several_flags_move_as_one_revision(store: FlagStore) -> None:
    """A glob is one change."""
    after = store.change([FLAG, replace(FLAG, route="b")], expected=store.snapshot())
    assert {flag.revision for flag in after.flags.values()} == {1}


def test_a_change_after_somebody_elses_is_refused_whole(store: FlagStore) -> None:
    """Compare-and-set: the message names who was first, and no other flag of the change is stored."""
    seen = store.snapshot()
    store.change([FLAG], expected=seen)
    with pytest.raises(RefusedError, match="a was changed meanwhile by eva to shadow"):
        store.change([replace(FLAG, route="b"), replace(FLAG, by="max")], expected=seen)
    assert store.snapshot().revision == 1
    assert store.snapshot().flag("b").revision == 0


def test_changes_to_different_routes_do_not_meet(store: FlagStore) -> None:
    """Only the routes of a change are compared."""
    seen = store.snapshot()
    store.change([FLAG], expected=seen)
    assert store.change([replace(FLAG, route="b")], expected=seen).revision == 2


def test_having_left_shadow_is_never_forgotten(store: FlagStore) -> None:
    """A gateway client survives every later rollback."""
    for stage in (Stage.SHADOW, Stage.CANARY, Stage.LEGACY):
        store.change([Flag("a", stage)], expected=store.snapshot())
    assert store.snapshot().flag("a").left_shadow
    store.change([Flag("b", Stage.SHADOW)], expected=store.snapshot())
    assert not store.snapshot().flag("b").left_shadow


def test_history_tells_every_change_newest_first(store: FlagStore) -> None:
    """With the stage before, and for one route when asked."""
    for flag in (FLAG, Flag("a", Stage.CANARY, percent=2.5), Flag("a", Stage.GATEWAY), Flag("b", Stage.SHADOW)):
        store.change([flag], expected=store.snapshot())
    assert [(entry.flag.route, entry.before) for entry in store.history()] == [
        ("b", "legacy"),
        ("a", "canary 2.5 %"),
        ("a", "shadow"),
        ("a", "legacy"),
    ]
    assert [entry.flag.stage for entry in store.history("a", limit=2)] == [Stage.GATEWAY, Stage.CANARY]
    assert store.history("nothing") == []
    assert store.history("?", limit=None) == store.history()
    assert store.history("a*") == store.history("a")


def test_processes_are_listed_while_they_are_seen(store: FlagStore) -> None:
    """One that fell silent or withdrew is gone."""
    live = Process("1", "gateway", 7, "here", "127.0.0.1:1", 90.0, 100.0, 3, 95.0)
    store.announce(live)
    store.announce(replace(live, id="2", seen=100.0 - ALIVE))
    store.announce(replace(live, id="3"))
    store.withdraw("3")
    assert store.processes() == [live]
    store.announce(replace(live, revision=4))
    assert [process.revision for process in store.processes()] == [4]


def test_of_many_writers_one_wins_each_round(tmp_path: Path) -> None:
    """Eight processes' worth of threads move one flag 100 times without losing or doubling a revision."""
    path = tmp_path / "cutover.db"
    open_store(path).close()
    won: list[int] = []

    def write() -> None:
        with closing(open_store(path)) as connection:
            store = FlagStore(connection)
            while (seen := store.snapshot()).revision < 100:
                try:
                    won.append(store.change([Flag("a", Stage.SHADOW)], expected=seen).flag("a").revision)
                except RefusedError:
                    continue

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with closing(open_store(path)) as connection:
        store = FlagStore(connection)
        assert [entry.flag.revision for entry in store.history(limit=1000)] == list(range(len(won), 0, -1))
    assert 100 <= len(won) <= 107
