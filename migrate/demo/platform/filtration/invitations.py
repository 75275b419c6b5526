"""Invitations: making, listing, withdrawing, reading by token, accepting."""

import secrets
import time
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from migrate.demo.platform.filtration.access import Account, client_address, permitted
from migrate.demo.platform.filtration.auth import session
from migrate.demo.platform.filtration.tokens import Caller
from migrate.demo.platform.rows import Invitation, Membership, User
from migrate.demo.platform.values import digest, new_id, now, stamp
from migrate.demo.platform.wire import Here, no_content, refuse
from migrate.demo.platform.world import World

by_token = APIRouter()
"""Mounted under /auth."""
managed = APIRouter(prefix="/invitations")
"""Mounted under /management."""

_LINK = "http://localhost:3001/auth/accept-invite?token="


class InviteRequest(BaseModel):
    """Whom to invite, and as what."""

    email: str
    role: Literal["admin", "member"] = "member"


class RegisterInviteRequest(BaseModel):
    """A new account made from an invitation."""

    token: str
    password: str
    name: str | None = None


def _shown(row: Invitation) -> dict[str, Any]:
    return {
        "id": row.id,
        "email": row.email,
        "role": row.role,
        "token": row.token,
        "invite_link": _LINK + row.token,
        "status": row.status,
        "expires_at": stamp(row.expires_at),
        "created_at": stamp(row.created_at),
    }


@managed.get("")
async def list_invitations(caller: Annotated[Caller, Depends(permitted("member:list"))], world: Here) -> Response:
    """Every invitation of the organisation; pages asked for are ignored."""
    found = world.invitations.where(lambda row: row.organisation == caller.organisation)
    return JSONResponse({"invitations": [_shown(row) for row in found]})


@managed.post("")
async def invite(
    body: InviteRequest,
    caller: Annotated[Caller, Depends(permitted("member:invite"))],
    world: Here,
) -> Response:
    """A pending invitation, open for two days."""
    moment = now()
    token = secrets.token_urlsafe(32)
    row = Invitation(
        new_id(),
        caller.organisation or "",
        body.email,
        body.role,
        token,
        "pending",
        moment + timedelta(days=2),
        moment,
    )
    return JSONResponse(_shown(world.invitations.insert(row)), 201)


@managed.delete("/{invite_id}")
async def withdraw(
    invite_id: str,
    caller: Annotated[Caller, Depends(permitted("member:invite"))],
    world: Here,
) -> Response:
    """204, or 404 for another organisation's."""
    row = world.invitations.get(invite_id)
    if row is None or row.organisation != caller.organisation:
        raise refuse(404, "Invitation not found")
    world.invitations.delete(invite_id)
    return no_content()


def _pending(world: World, token: str) -> Invitation:
    row = world.invitations.first(lambda row: row.token == token)
    if row is None:
        raise refuse(404, "Invitation not found")
    if row.status != "pending" or row.expires_at < now():
        raise refuse(400, "Invitation is no longer valid")
    return row


@by_token.get("/invitations/{token}")
async def read_invitation(token: str, world: Here) -> Response:
    """The invitation behind a token; public."""
    row = world.invitations.first(lambda row: row.token == token)
    if row is None:
        raise refuse(404, "Invitation not found")
    return JSONResponse(_shown(row))


@by_token.post("/register-invite")
async def register_invite(body: RegisterInviteRequest, request: Request, world: Here) -> Response:
    """A new account and its session; three an hour from one address."""
    wait = world.invitation_uses.attempt(("register-invite", client_address(request)), time.monotonic())
    if wait:
        detail = f"Too many registration attempts. Try again in {wait} seconds."
        raise refuse(429, detail, {"Retry-After": str(wait)})
    invitation = _pending(world, body.token)
    if world.users.first(lambda row: row.email == invitation.email):
        raise refuse(400, "User already exists. Please log in and accept the invitation.")
    user = world.users.insert(User(new_id(), invitation.email, digest(body.password), now()))
    return JSONResponse(_joined(world, user, invitation))


@by_token.post("/accept-invite")
async def accept_invite(token: str, user: Account, world: Here) -> Response:
    """The caller joins; the token stands in the query, the body is empty."""
    return JSONResponse(_joined(world, user, _pending(world, token)))


def _joined(world: World, user: User, invitation: Invitation) -> dict[str, Any]:
    organisation = invitation.organisation
    membership = world.memberships.insert(
        Membership(f"{user.id}/{organisation}", user.id, organisation, invitation.role),
    )
    world.invitations.update(invitation.id, status="accepted")
    return session(world, user, membership)
