from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import ConfigError, RefusedError
from gateway.store.audit import trail
from gateway.store.database import open_store
from migrate.ports.apply import Actor, close, reopen
from migrate.ports.connect import OPEN, REFUSED
from migrate.ports.nft import Counters, Nft
from migrate.ports.ruleset import closing
from tests.apps.namespaces import PORT, Lab, lab, serving

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator
    from pathlib import Path

ANN = Actor("ann", 1_800_000_000.0, "everything moved")


@pytest.fixture
def hosts() -> Iterator[Lab]:
    """Three connected hosts; the legacy port is served on the first."""
    with lab() as built, serving(built.host, PORT):
        yield built


@pytest.fixture
def store(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """An empty store."""
    connection = open_store(tmp_path / "cutover.db")
    yield connection
    connection.close()


def test_closing_is_recorded_with_before_and_after(hosts: Lab, store: sqlite3.Connection) -> None:
    """The trail says who closed which port when and why, what stood there before and what stands there now."""
    nft = Nft(hosts.host)
    closed = close(store, nft, closing("orchestration", PORT, ()), ANN, {"forced": False})
    assert closed.changed
    (entry,) = trail(store)
    assert (entry.action, entry.subject, entry.by, entry.reason) == (
        "ports.close",
        "orchestration",
        "ann",
        ANN.reason,
    )
    assert (entry.detail["before"], entry.detail["after"]) == ("", nft.listing("orchestration"))


def test_a_second_close_is_a_no_op(hosts: Lab, store: sqlite3.Connection) -> None:
    """The same closing again changes nothing, keeps the counters and records nothing."""
    nft, wanted = Nft(hosts.host), closing("orchestration", PORT, hosts.allowed_sources)
    close(store, nft, wanted, ANN, {})
    hosts.outcomes()
    assert not close(store, nft, wanted, ANN, {}).changed
    assert nft.counters("orchestration") == Counters(refused=2, allowed=2)
    assert len(trail(store)) == 1


def test_another_allow_list_replaces_the_closing(hosts: Lab, store: sqlite3.Connection) -> None:
    """A different closing is applied over the first, and the first is what stood before."""
    nft = Nft(hosts.host)
    first = close(store, nft, closing("orchestration", PORT, ()), ANN, {})
    second = close(store, nft, closing("orchestration", PORT, hosts.allowed_sources), ANN, {})
    assert second.changed
    assert second.before == first.after
    assert hosts.outcomes() == {"outside": {REFUSED}, "allowed": {OPEN}, "loopback": {OPEN}}


def test_rules_changed_by_hand_are_put_right(hosts: Lab, store: sqlite3.Connection) -> None:
    """Whoever emptied the chain by hand does not make a second close a no-op."""
    nft, wanted = Nft(hosts.host), closing("orchestration", PORT, ())
    close(store, nft, wanted, ANN, {})
    hosts.nft("flush", "chain", "inet", "cutover_orchestration", "prerouting")
    assert hosts.outcomes()["outside"] == {OPEN}
    assert close(store, nft, wanted, ANN, {}).changed
    assert hosts.outcomes()["outside"] == {REFUSED}


def test_reopening_restores_and_records_what_was_counted(hosts: Lab, store: sqlite3.Connection) -> None:
    """After reopening everybody gets in, the table is gone and the trail holds the counters."""
    nft = Nft(hosts.host)
    close(store, nft, closing("orchestration", PORT, ()), ANN, {})
    hosts.outcomes()
    assert reopen(store, nft, "orchestration", ANN) == Counters(refused=4, allowed=0)
    assert hosts.outcomes() == {"outside": {OPEN}, "allowed": {OPEN}, "loopback": {OPEN}}
    entry = trail(store)[0]
    assert (entry.action, entry.detail["counted"]) == ("ports.reopen", {"refused": 4, "allowed": 0})
    assert hosts.nft("list", "ruleset") == ""


def test_reopening_works_without_the_trail(hosts: Lab, store: sqlite3.Connection) -> None:
    """In an emergency the port opens even if that cannot be recorded, and the message says both."""
    nft = Nft(hosts.host)
    close(store, nft, closing("orchestration", PORT, ()), ANN, {})
    store.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(ConfigError, match=r"is reopened, but .* disk full"):
        reopen(store, nft, "orchestration", ANN)
    assert hosts.outcomes()["outside"] == {OPEN}


def test_reopening_what_is_open_changes_nothing(hosts: Lab, store: sqlite3.Connection) -> None:
    """A port that is not closed is told so, and nothing is recorded."""
    assert reopen(store, Nft(hosts.host), "orchestration", ANN) is None
    assert trail(store) == []


def test_closing_after_reopening_closes_again(hosts: Lab, store: sqlite3.Connection) -> None:
    """An earlier recorded closing that was taken back is not mistaken for a standing one."""
    nft, wanted = Nft(hosts.host), closing("orchestration", PORT, ())
    close(store, nft, wanted, ANN, {})
    reopen(store, nft, "orchestration", ANN)
    assert close(store, nft, wanted, ANN, {}).changed
    assert hosts.outcomes()["outside"] == {REFUSED}


@pytest.mark.parametrize("closed_before", [False, True])
def test_what_cannot_be_recorded_is_taken_back(hosts: Lab, store: sqlite3.Connection, *, closed_before: bool) -> None:
    """If the trail cannot be written, the rules stand as they stood before."""
    nft = Nft(hosts.host)
    if closed_before:
        close(store, nft, closing("orchestration", PORT, hosts.allowed_sources), ANN, {})
    before = hosts.nft("--stateless", "list", "ruleset")
    store.execute("CREATE TRIGGER full BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'disk full'); END")
    with pytest.raises(RefusedError, match="taken back"):
        close(store, nft, closing("orchestration", PORT, ()), ANN, {})
    assert hosts.nft("--stateless", "list", "ruleset") == before
