from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console

from gateway import __version__
from gateway.core.digest import route_digest
from gateway.core.observation import Observation, Verdict
from gateway.store.counts import put_buckets
from gateway.store.database import open_store
from gateway.store.observations import append
from migrate.demo.board import board, pending, read
from migrate.presets import write

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.core.table import RouteTable
from gateway.config import load_table


def observed(table: RouteTable, route: str, verdict: Verdict, number: int) -> Observation:
    """One observation on the current digest."""
    found = table.route(route)
    assert found is not None
    return Observation(
        f"{route}-{number}", route, 1e9 + number, verdict, "read", "live", route_digest(table, found, __version__)
    )


def test_the_board_sums_groups_of_routes(tmp_path: Path) -> None:
    """Routes of one family share a row with their verdicts and match rate; pending copies are counted."""
    write(tmp_path / "cutover.yaml")
    table = load_table(tmp_path / "cutover.yaml")
    store = tmp_path / "s" / "cutover.db"
    connection = open_store(store)
    append(
        connection,
        [
            observed(table, "auth.me", Verdict.MATCH, 1),
            observed(table, "auth.me", Verdict.EXPECTED, 2),
            observed(table, "auth.organizations", Verdict.MATCH, 3),
            observed(table, "auth.organizations", Verdict.FAILED, 4),
            observed(table, "users.list", Verdict.MATCH, 5),
        ],
    )
    put_buckets(connection, "shadow:1", {("auth.me", "pending", ""): 2, ("auth.me", "compared", ""): 5})
    connection.close()
    evidence = read(store, table)
    assert pending(evidence) == 2
    console = Console(width=120, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123 - recorded instead
    console.print(board(evidence))
    console.file.close()
    lines = {line.split()[0]: line for line in console.export_text().splitlines() if line.strip()}
    assert lines["auth.*"].split()[1:7] == ["legacy", "4", "2", "1", "·", "1"]
    assert lines["auth.*"].rstrip().endswith("75.0 %")
    assert lines["users.list"].rstrip().endswith("100.0 %")
    assert "pools.*" not in lines
