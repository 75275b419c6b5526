"""Roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.migrate.demo.platform.conftest import Call

NEW = {"name": "my role", "description": "d", "permissions": ["user:list", "role:list"]}


async def test_a_role_is_made_changed_and_deleted(call: Call) -> None:
    """Making answers 200, changing moves the row to the end, names are user text, deleting says so."""
    made = await call("filtration", "POST", "/admin/roles", who="admin", json=NEW)
    assert (made.status_code, made.json()["permissions"]) == (200, NEW["permissions"])
    changed = await call(
        "filtration", "PUT", "/admin/roles/auditor", who="admin", json={"permissions": ["user:list"]}
    )
    assert (changed.json()["description"], changed.json()["permissions"]) == ("read only", ["user:list"])
    renamed = await call("filtration", "PUT", "/admin/roles/my%20role", who="admin", json={"description": "new"})
    assert renamed.json()["description"] == "new"
    names = [row["name"] for row in (await call("filtration", "GET", "/admin/roles", who="admin")).json()]
    assert names == ["admin", "member", "auditor", "my role"]
    gone = await call("filtration", "DELETE", "/admin/roles/my%20role", who="admin")
    assert (gone.status_code, gone.json()) == (200, {"message": "Role deleted"})


async def test_what_makes_no_sense_is_refused(call: Call) -> None:
    """A taken name, an unknown permission and a built-in role are 400, an unknown role is 404."""
    for body in (NEW | {"name": "admin"}, NEW | {"permissions": ["fly"]}):
        assert (await call("filtration", "POST", "/admin/roles", who="admin", json=body)).status_code == 400
    assert (await call("filtration", "DELETE", "/admin/roles/member", who="admin")).status_code == 400
    assert (await call("filtration", "DELETE", "/admin/roles/nope", who="admin")).status_code == 404


async def test_permissions_are_listed(call: Call) -> None:
    """The list begins with admin:all."""
    listed = (await call("filtration", "GET", "/admin/roles/permissions/list", who="admin")).json()
    assert (listed[0], len(listed)) == ("admin:all", 37)
