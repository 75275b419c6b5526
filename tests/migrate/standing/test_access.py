from __future__ import annotations

from rich.console import Console

from migrate.standing.access import access_rows, access_table
from tests.apps.route_tables import table


def test_every_route_has_a_row_internal_ones_too() -> None:
    """Globs select."""
    assert [row["route"] for row in access_rows(table())] == [
        "pools.list",
        "pools.delete",
        "logs.socket",
        "nodes.beat",
    ]
    assert [row["gateway"] for row in access_rows(table(), "nodes.*")] == [None]


def test_the_table_says_what_is_never_exposed() -> None:
    """For people."""
    console = Console(width=200)
    with console.capture() as said:
        console.print(access_table(access_rows(table())))
    assert "never exposed (POST /beat)" in said.get()
