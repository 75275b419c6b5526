from __future__ import annotations

import threading
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import ConfigError, RefusedError
from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore
from gateway.store.audit import trail
from gateway.store.database import open_store
from loadtests.during import flip as module
from loadtests.during.flip import Flip

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.flags.flag import FlagSnapshot

CANARY = Flag(
    "deployments.list", Stage.CANARY, percent=5, named=("user:ann",), by="eve", reason="try", sunset="2027-01-01"
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store with a route in canary, one at the gateway, one in shadow and one of another name."""
    path = tmp_path / "cutover.db"
    others = [
        Flag("deployments.get", Stage.GATEWAY),
        Flag("deployments.logs", Stage.SHADOW),
        Flag("pools.list", Stage.GATEWAY),
    ]
    with closing(open_store(path)) as connection:
        flags = FlagStore(connection)
        flags.change([CANARY, *others], expected=flags.snapshot())
    return path


def snapshot(store: Path) -> FlagSnapshot:
    """The flags as they are."""
    with closing(open_store(store)) as connection:
        return FlagStore(connection).snapshot()


def put(store: Path, flag: Flag) -> None:
    """Somebody changes a flag."""
    with closing(open_store(store)) as connection:
        flags = FlagStore(connection)
        flags.change([flag], expected=flags.snapshot())


def test_routes_go_back_and_forth_and_stand_at_the_end_as_they_stood(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Share, names and sunset too; every move is in the history and the audit trail with its reason; others stay."""
    monkeypatch.setattr(module, "EVERY", 0.02)
    before, notes = snapshot(store), list[str]()
    Flip(store, "deployments.*", "ann").run(0.2, threading.Event(), notes.append)
    after = snapshot(store)
    for route in ("deployments.list", "deployments.get"):
        was, now = before.flag(route), after.flag(route)
        assert replace(now, revision=0, at=0, by="", reason="") == replace(was, revision=0, at=0, by="", reason="")
        assert (now.by, now.reason) == ("ann", "load test: flip deployments.*")
    assert after.flag("pools.list") == before.flag("pools.list")
    assert after.flag("deployments.logs") == before.flag("deployments.logs")
    with closing(open_store(store)) as connection:
        entries = [entry for entry in trail(connection) if entry.subject == "deployments.list"]
        stages = [entry.flag.stage for entry in FlagStore(connection).history("deployments.list")]
    assert len(entries) >= 4
    assert len(entries) == len(stages) - 1
    assert stages[:3] == [Stage.CANARY, Stage.SHADOW, Stage.CANARY]
    assert {(entry.action, entry.by, entry.reason) for entry in entries} == {
        ("flip", "ann", "load test: flip deployments.*")
    }
    assert entries[-1].detail["before"]["stage"] == "canary"
    assert notes[0].endswith("2 put back")


def test_the_end_of_the_load_puts_them_back_at_once(store: Path) -> None:
    """Whether it comes while they are away or while they stand."""
    before, over, done = snapshot(store), threading.Event(), list[str]()
    away = threading.Event()

    def watch() -> None:
        while snapshot(store).flag("deployments.get").stage is not Stage.SHADOW:
            pass
        away.set()
        over.set()

    thread = threading.Thread(target=watch)
    thread.start()
    Flip(store, "deployments.*", "ann").run(60, over, done.append)
    thread.join()
    assert away.is_set()
    assert snapshot(store).flag("deployments.get").stage is before.flag("deployments.get").stage
    assert snapshot(store).flag("deployments.list").percent == 5


def test_what_somebody_else_moved_stays_as_they_put_it(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others go back, and the account says so."""
    monkeypatch.setattr(module, "EVERY", 0.05)
    flip, meddled = Flip(store, "deployments.*", "ann"), threading.Event()

    def meddle() -> None:
        while snapshot(store).flag("deployments.get").stage is not Stage.SHADOW:
            pass
        put(store, Flag("deployments.get", Stage.LEGACY, by="bob", reason="trouble"))
        meddled.set()

    thread = threading.Thread(target=meddle)
    thread.start()
    with pytest.raises(RefusedError, match="meanwhile"):
        flip.run(20, threading.Event(), lambda _: None)
    thread.join()
    assert meddled.is_set()
    now = snapshot(store)
    assert (now.flag("deployments.get").stage, now.flag("deployments.get").by) == (Stage.LEGACY, "bob")
    assert now.flag("deployments.list").stage is Stage.CANARY


def hidden(store: Path, over: threading.Event, back: float | None) -> threading.Thread:
    """Takes the store away as soon as the routes are, ends the load, and brings it back after some seconds."""

    def hide() -> None:
        while snapshot(store).flag("deployments.get").stage is not Stage.SHADOW:
            pass
        away = store.rename(store.with_suffix(".away"))
        over.set()
        if back is not None:
            threading.Event().wait(back)
            away.rename(store)

    thread = threading.Thread(target=hide)
    thread.start()
    return thread


def test_a_store_that_is_away_is_waited_for(store: Path) -> None:
    """Flags that were moved are put back as soon as it is there again."""
    over = threading.Event()
    thread = hidden(store, over, 0.3)
    Flip(store, "deployments.*", "ann").run(60, over, lambda _: None)
    thread.join()
    assert snapshot(store).flag("deployments.get").stage is Stage.GATEWAY


def test_a_store_that_stays_away_is_told_with_what_to_do(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The routes that must be put back by hand are named."""
    monkeypatch.setattr(module, "PATIENCE", 0.2)
    over = threading.Event()
    thread = hidden(store, over, None)
    with pytest.raises(ConfigError, match=r"promote .*deployments\.get"):
        Flip(store, "deployments.*", "ann").run(60, over, lambda _: None)
    thread.join()


def test_what_was_promoted_before_the_moment_is_flipped_as_it_stands_then(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load may run for an hour before; what is put back is what was found at the moment."""
    monkeypatch.setattr(module, "EVERY", 0.02)
    flip = Flip(store, "deployments.*", "ann")
    put(store, Flag("deployments.list", Stage.CANARY, percent=50, by="bob"))
    flip.run(0.1, threading.Event(), lambda _: None)
    assert snapshot(store).flag("deployments.list").percent == 50


@pytest.mark.parametrize("pattern", ["nothing.*", "deployments.logs"])
def test_only_what_the_gateway_serves_is_flipped(store: Path, pattern: str) -> None:
    """A route that never stood at the gateway is not put there without its checks."""
    with pytest.raises(RefusedError, match="canary or gateway"):
        Flip(store, pattern, "ann")


def test_without_a_store_nothing_is_made(tmp_path: Path) -> None:
    """A wrong path is a wrong configuration, not a new store."""
    with pytest.raises(ConfigError):
        Flip(tmp_path / "none.db", "*", "ann")
    assert not (tmp_path / "none.db").exists()
