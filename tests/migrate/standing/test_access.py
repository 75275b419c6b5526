from __future__ import annotations

from dataclasses import replace

import pytest
from rich.console import Console

from gateway.core.permissions import Permissions
from migrate.standing.access import access_rows, access_table
from tests.apps.probed import inferia
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


def test_a_row_says_who_may() -> None:
    """Roles of the file where they decide, else in words; JSON keeps both."""
    rows = {row["route"]: row for row in access_rows(inferia())}
    assert (rows["pools.delete"]["permission"], rows["pools.delete"]["roles"]) == ("deployment:delete", ["admin"])
    assert rows["deployments.get"]["who"] == "admin, member, auditor"
    assert rows["deployments.get"]["scope"] == ["path.id by deployments.get"]
    assert rows["pools.delete"]["scope"] == ["path.id in pools.list"]
    assert rows["deployments.create"]["scope"][:2] == ["body.org_id", "body.owner_id = own id"]
    assert rows["templates.delete"]["scope"] == ["service"]
    assert [rows[name]["who"] for name in ("auth.me", "auth.login", "inference.chat", "internal.scan")] == [
        "any role",
        "anybody",
        "key holders",
        "nobody",
    ]
    assert rows["auth.me"]["roles"] is None


def test_a_permission_that_no_role_holds_is_nobodys() -> None:
    """It is said, so that it is seen."""
    shipped = inferia()
    bare = replace(shipped, policy=replace(shipped.policy, permissions=Permissions()))
    rows = {row["route"]: row for row in access_rows(bare)}
    assert rows["pools.delete"]["who"] == "nobody"


@pytest.mark.proof
@pytest.mark.parametrize("width", [80, 100, 140])
def test_the_table_fits(width: int) -> None:
    """From 80 columns on every name stands whole on its line."""
    console = Console(width=width)
    with console.capture() as said:
        console.print(access_table(access_rows(inferia()), width))
    lines = [line.rstrip() for line in said.get().splitlines()]
    assert max(map(len, lines)) <= width
    words = " ".join(lines).split()
    for word in ("external-deployments.create", "knowledge_base:add_data", "invitations.list", "auditor"):
        assert word in words
