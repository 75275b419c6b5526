"""Users."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from tests.migrate.demo.platform.conftest import Call


async def emails(call: Call, path: str = "/management/users") -> list[str]:
    """E-mails in the order listed for the admin."""
    return [row["email"] for row in (await call("filtration", "GET", path, who="admin")).json()]


async def test_a_role_change_moves_the_row_to_the_end(call: Call, seed: Seed) -> None:
    """Users stand in heap order, under both prefixes; pages are cut from it; there is no total."""
    assert await emails(call) == [seed.admin_email, seed.member_email]
    body = {"role": "admin"}
    changed = await call("filtration", "PUT", f"/admin/users/{seed.admin}/role", who="admin", json=body)
    assert changed.json() == {"message": "User role updated"}
    assert await emails(call) == [seed.member_email, seed.admin_email]
    assert await emails(call, "/admin/users?skip=1&limit=1") == [seed.admin_email]


async def test_a_role_and_a_user_have_to_exist(call: Call, seed: Seed) -> None:
    """An unknown role, an unknown user and a foreign user are 404."""
    for user, role in ((seed.member, "nope"), ("nobody", "member"), (seed.foreign_user, "member")):
        answer = await call("filtration", "PUT", f"/admin/users/{user}/role", who="admin", json={"role": role})
        assert answer.status_code == 404


async def test_a_user_is_made_once(call: Call) -> None:
    """201, then 409 with the same e-mail."""
    body = {"email": "new@x.example", "password": "x"}
    made = await call("filtration", "POST", "/management/users", who="admin", json=body)
    assert (made.status_code, made.json()["role"]) == (201, "member")
    assert (await call("filtration", "POST", "/management/users", who="admin", json=body)).status_code == 409


async def test_foreigners_see_their_own(call: Call, seed: Seed) -> None:
    """Another organisation's users are not listed."""
    listed = (await call("filtration", "GET", "/management/users", who="foreign")).json()
    assert [row["email"] for row in listed] == [seed.foreign_email]
