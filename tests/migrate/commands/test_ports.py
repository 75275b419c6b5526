from __future__ import annotations

import json
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore
from gateway.store.audit import trail
from gateway.store.counts import Served, count_served
from gateway.store.database import open_store
from migrate.cli import main
from migrate.ports.connect import OPEN, REFUSED
from tests.apps.namespaces import PORT, Lab, lab, serving
from tests.migrate.ports.tables import table_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.store.audit import AuditEntry

    Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def hosts() -> Iterator[Lab]:
    """Three connected hosts; the first serves the legacy port and the gateway."""
    with lab() as built, serving(built.host, PORT), serving(built.host, 8000, 401):
        yield built


@pytest.fixture
def cutover(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `cutover ports …` in this process: exit code, standard output, standard error."""
    monkeypatch.setenv("CUTOVER_CONFIG", str(tmp_path / "cutover.yaml"))
    monkeypatch.setenv("CUTOVER_STORE", str(tmp_path / "cutover.db"))
    (tmp_path / "cutover.yaml").write_text(table_text())

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["cutover", "ports", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        said = capsys.readouterr()
        return int(caught.value.code or 0), said.out, said.err

    return run


def ready(tmp_path: Path, hosts: Lab) -> None:
    """A table for the lab, every route at the gateway, and a shadow that has watched for two days."""
    (tmp_path / "cutover.yaml").write_text(table_text(hosts.from_outside[0]))
    connection = open_store(tmp_path / "cutover.db")
    store = FlagStore(connection)
    moved = [Flag(route, Stage.GATEWAY) for route in ("deployments.list", "pools.delete")]
    store.change(moved, expected=store.snapshot())
    two_days_ago = int(time.time() // 60) - 2 * 1440
    count_served(connection, [Served("deployments.list", "legacy", two_days_ago, 9, 0, 0, 0.1)])
    connection.close()


def recorded(tmp_path: Path) -> list[AuditEntry]:
    """The audit trail, newest first."""
    with closing(open_store(tmp_path / "cutover.db")) as connection:
        return trail(connection)


def test_the_whole_closing(tmp_path: Path, hosts: Lab, cutover: Command) -> None:
    """The plan says yes, close closes, verify proves it from outside, reopen restores, and all is recorded."""
    ready(tmp_path, hosts)
    place = ("--netns", hosts.host)
    assert cutover("plan", "orchestration", *place)[0] == 0
    allow = [text for source in hosts.allowed_sources for text in ("--allow", source)]
    code, out, _ = cutover("close", "orchestration", *place, *allow, "--apply", "--reason", "moved", "--by", "ann")
    assert (code, "port 8080 is closed" in out) == (0, True)
    assert hosts.outcomes() == {"outside": {REFUSED}, "allowed": {OPEN}, "loopback": {OPEN}}
    code, out, _ = cutover("verify", "orchestration", *place, "--from", hosts.outside, "--by", "ann", "--json")
    assert (code, json.loads(out)["passed"]) == (0, True)
    code, out, _ = cutover("close", "orchestration", *place, *allow, "--apply", "--reason", "again")
    assert (code, "nothing changed" in out) == (0, True)
    code, out, _ = cutover("reopen", "orchestration", *place, "--reason", "drill", "--by", "bob")
    assert (code, "3 connections were refused" in out) == (0, True)
    assert hosts.outcomes()["outside"] == {OPEN}
    assert cutover("verify", "orchestration", *place, "--from", hosts.outside)[0] == 1
    actions = [(entry.action, entry.by) for entry in recorded(tmp_path)]
    assert actions[1:] == [("ports.reopen", "bob"), ("ports.verify", "ann"), ("ports.close", "ann")]


@pytest.mark.proof
def test_without_apply_nothing_changes(tmp_path: Path, hosts: Lab, cutover: Command) -> None:
    """The dry run prints a script that nft takes, and leaves rules and trail alone."""
    ready(tmp_path, hosts)
    code, out, err = cutover("close", "orchestration", "--netns", hosts.host, "--allow", "10.0.0.5")
    assert code == 0
    assert "nothing was changed" in err
    assert hosts.nft("list", "ruleset") == ""
    assert recorded(tmp_path) == []
    hosts.nft("--check", "-f", "-", script=out)


@pytest.mark.proof
def test_a_blocked_service_is_refused_unless_forced(hosts: Lab, cutover: Command, tmp_path: Path) -> None:
    """Without moved routes close refuses with the reasons; --force with a reason closes, and the trail says so."""
    (tmp_path / "cutover.yaml").write_text(table_text(hosts.from_outside[0]))
    order = ("close", "orchestration", "--netns", hosts.host, "--apply", "--reason", "incident 7")
    code, _, err = cutover(*order)
    assert code == 1
    assert "2 in legacy: deployments.list, pools.delete" in err
    assert hosts.nft("list", "ruleset") == ""
    assert cutover(*order, "--force")[0] == 0
    (entry,) = recorded(tmp_path)
    assert (entry.reason, entry.detail["forced"], entry.detail["plan"]["closable"]) == ("incident 7", True, False)


def test_a_port_elsewhere_is_not_closed_here(tmp_path: Path, hosts: Lab, cutover: Command) -> None:
    """On a host that has none of the legacy address's addresses, close refuses instead of closing its own port."""
    ready(tmp_path, hosts)
    place = ("--netns", hosts.allowed)
    with serving(hosts.allowed, PORT):
        code, _, err = cutover("close", "orchestration", *place, "--apply", "--reason", "moved")
    assert (code, "is no address of this host" in err) == (1, True)


def test_plan_names_the_blockers(cutover: Command) -> None:
    """Exit code 1, and one line for each thing that blocks."""
    code, out, _ = cutover("plan", "orchestration")
    assert code == 1
    assert [line.split(":")[0].strip() for line in out.splitlines()[1:4]] == ["routes", "unwatched", "unreachable"]


def test_plan_only_reads(cutover: Command, tmp_path: Path) -> None:
    """Before anything ran there is a plan, and afterwards still no store."""
    assert cutover("plan", "--all", "--json")[0] == 1
    assert [path.name for path in tmp_path.iterdir()] == ["cutover.yaml"]


def test_plan_covers_all_services(cutover: Command) -> None:
    """--all with --json lists a plan for each service."""
    code, out, _ = cutover("plan", "--all", "--json")
    assert (code, [plan["service"] for plan in json.loads(out)]) == (1, ["filtration", "orchestration"])


def test_the_inherited_port_cannot_be_forced(cutover: Command) -> None:
    """The port that the gateway takes over is refused, forced or not, before anything is applied."""
    code, _, err = cutover("close", "filtration", "--apply", "--force", "--reason", "x", "--netns", "no-such-place")
    assert code in {1, 4}
    code, _, err = cutover("close", "filtration", "--apply", "--force", "--reason", "x")
    assert code == 1
    assert "taken over, never closed" in err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("close", "orchestration", "--apply"), 2, "--reason"),
        (("close", "orchestration", "--with", "compose"), 2, "nftables"),
        (("close", "orchestration", "--allow", "gateway.local"), 2, "--allow"),
        (("close", "orchestra"), 2, "known: filtration, orchestration"),
        (("plan",), 2, "name one service"),
        (("plan", "orchestration", "--quiet", "soon"), 2, "--quiet"),
        (("reopen", "orchestration"), 2, "--reason"),
    ],
)
def test_bad_calls_are_usage_errors(cutover: Command, arguments: tuple[str, ...], code: int, words: str) -> None:
    """A wrong call exits 2 with one line that says what to write."""
    found, _, err = cutover(*arguments)
    assert (found, words in err) == (code, True), err


def test_a_broken_table_is_a_configuration_error(cutover: Command, tmp_path: Path) -> None:
    """A table that cannot be read exits 3."""
    (tmp_path / "cutover.yaml").write_text("version: [")
    assert cutover("plan", "--all")[0] == 3
