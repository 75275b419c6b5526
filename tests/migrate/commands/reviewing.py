"""A project folder with the shipped table and a store in which one route differs, and a way to run commands in it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gateway import __version__
from gateway.config import load_table
from gateway.core.digest import route_digest
from gateway.flags.store import FlagStore, Process
from migrate.cli import main
from tests.reports.builders import OPEN, ROUTE, Filled, differing, seen, store

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.core.observation import Difference
    from gateway.core.table import RouteTable

    Command = Callable[..., tuple[int, str, str]]

PRESET = Path(__file__).parents[3] / "migrate" / "presets" / "inferia.yaml"
SIGNATURE = OPEN.signature(ROUTE)


@dataclass(frozen=True)
class Project:
    """The folder, its table, its store, and `cutover(...)` in it: exit code, standard output, standard error."""

    folder: Path
    table: RouteTable
    filled: Filled
    cutover: Command

    @property
    def digest(self) -> str:
        """The pools route's current digest."""
        found = self.table.route(ROUTE)
        assert found is not None
        return route_digest(self.table, found, __version__)

    def observe(self, make: Callable[..., Any] = seen, **values: Any) -> None:
        """Store one observation of the pools route of just now."""
        defaults = {"digest": self.digest, "at": time.time() - 30}
        self.filled.add(make(**{**defaults, **values}))

    def differ(self, *differences: Difference, **values: Any) -> None:
        """Store a mismatch of the pools route."""
        self.observe(lambda **place: differing(*differences, **place), **values)

    def probe(self) -> None:
        """Store a run of security probes that the pools route has just passed."""
        self.filled.probe(time.time(), **{ROUTE: self.digest})

    def process(self) -> None:
        """Announce a running gateway with the newest flags."""
        flags = FlagStore(self.filled.db)
        now = time.time()
        flags.announce(
            Process("g", "gateway", 7, "here", "127.0.0.1:1", now, now + 60, flags.snapshot().revision, now)
        )


def project(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Project:
    """A project in which the pools route was seen to differ once and to agree five times."""
    (folder / "cutover.yaml").write_text(PRESET.read_text())
    monkeypatch.setenv("CUTOVER_CONFIG", str(folder / "cutover.yaml"))
    monkeypatch.setenv("CUTOVER_STORE", str(folder / "cutover.db"))

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["cutover", *arguments])
        with pytest.raises(SystemExit) as caught:
            main()
        said = capsys.readouterr()
        return int(caught.value.code or 0), said.out, said.err

    made = Project(folder, load_table(folder / "cutover.yaml", {}), store(folder), run)
    made.observe(differing)
    for subject in range(5):
        made.observe(subject=f"s{subject}")
    return made
