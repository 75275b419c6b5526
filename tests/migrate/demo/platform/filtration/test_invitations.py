"""Invitations."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World
    from tests.migrate.demo.platform.conftest import Call


async def test_an_invitation_is_made_listed_and_withdrawn(call: Call, seed: Seed) -> None:
    """201 with a link to the dashboard; the list ignores pages; withdrawal is 204 with a content type."""
    made = await call("filtration", "POST", "/management/invitations", who="admin", json={"email": "z@x.example"})
    assert made.status_code == 201
    invitation = made.json()
    assert invitation["invite_link"] == f"http://localhost:3001/auth/accept-invite?token={invitation['token']}"
    listed = (await call("filtration", "GET", "/management/invitations?limit=1", who="admin")).json()["invitations"]
    assert [row["id"] for row in listed] == [seed.invitation, invitation["id"]]
    path = f"/management/invitations/{invitation['id']}"
    assert (await call("filtration", "DELETE", path, who="foreign")).status_code == 404
    gone = await call("filtration", "DELETE", path, who="admin")
    assert (gone.status_code, gone.headers["content-type"], gone.content) == (204, "application/json", b"")


async def test_anybody_with_the_token_reads_it(call: Call, seed: Seed) -> None:
    """No JWT is needed; an unknown token is 404."""
    found = await call("filtration", "GET", f"/auth/invitations/{seed.invitation_token}")
    assert found.json()["email"] == seed.invitee_email
    assert (await call("filtration", "GET", "/auth/invitations/unknown")).status_code == 404


async def test_a_new_user_registers_once(call: Call, seed: Seed) -> None:
    """The answer is a session; the invitation is spent; the fourth try in an hour is 429."""
    body = {"token": seed.invitation_token, "password": "New-Passw0rd!"}
    made = await call("filtration", "POST", "/auth/register-invite", json=body)
    assert made.json()["organizations"][0]["id"] == seed.organisation
    statuses = [(await call("filtration", "POST", "/auth/register-invite", json=body)).status_code for _ in range(3)]
    assert statuses == [400, 400, 429]


async def test_a_known_user_accepts_with_the_token_in_the_query(call: Call, seed: Seed) -> None:
    """The foreign user becomes a member; an unknown token is 404."""
    path = "/auth/accept-invite?token="
    answer = await call("filtration", "POST", path + seed.invitation_token, who="foreign")
    assert [row["id"] for row in answer.json()["organizations"]] == [seed.foreign_organisation, seed.organisation]
    assert (await call("filtration", "POST", path + "unknown", who="foreign")).status_code == 404


async def test_a_known_e_mail_cannot_register_again(call: Call, world: World, seed: Seed) -> None:
    """An invitation for an existing account is accepted, not registered."""
    world.invitations.update(seed.invitation, email=seed.member_email)
    body = {"token": seed.invitation_token, "password": "x"}
    assert (await call("filtration", "POST", "/auth/register-invite", json=body)).status_code == 400
