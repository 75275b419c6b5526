"""Accounts: login with its limit and second factor, sessions and organisations."""

import time
from typing import Any

import pyotp
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from migrate.demo.platform.filtration.access import Account, Who, client_address
from migrate.demo.platform.filtration.tokens import ACCESS_SECONDS, access_token, refresh_token
from migrate.demo.platform.rows import Membership, User
from migrate.demo.platform.values import digest, stamp
from migrate.demo.platform.wire import Here, Limit, Skip, page, refuse
from migrate.demo.platform.world import World

router = APIRouter()


class LoginRequest(BaseModel):
    """A login with or without the second factor."""

    username: str
    password: str
    totp_code: str | None = None


class RegisterRequest(BaseModel):
    """An open registration, which the platform always refuses."""

    email: str
    password: str
    organization_name: str | None = None
    invite_token: str | None = None


class SwitchOrgRequest(BaseModel):
    """The organisation to continue in."""

    org_id: str


def memberships(world: World, user: str) -> list[Membership]:
    """A user's memberships in heap order."""
    return world.memberships.where(lambda row: row.user == user)


def _organisations(world: World, user: str) -> list[dict[str, str]]:
    found = [(row, world.organisations.get(row.organisation)) for row in memberships(world, user)]
    return [{"id": org.id, "name": org.name, "role": row.role} for row, org in found if org]


def session(world: World, user: User, membership: Membership) -> dict[str, Any]:
    """The tokens and organisations that a login answers."""
    moment, organisation = int(time.time()), membership.organisation
    return {
        "access_token": access_token(world.jwt_secret, user, membership.role, organisation, moment),
        "refresh_token": refresh_token(world.jwt_secret, user, organisation, moment),
        "token_type": "bearer",
        "expires_in": ACCESS_SECONDS,
        "organizations": _organisations(world, user.id),
    }


@router.post("/login")
async def login(body: LoginRequest, request: Request, world: Here) -> Response:
    """Tokens for a password and, once enrolled, a one-time code."""
    _count(world, body.username, client_address(request))
    user = world.users.first(lambda row: row.email == body.username)
    if user is None or user.password != digest(body.password):
        details = {"username": body.username, "reason": "authentication_failed"}
        world.record("user.login", user=None, details=details, status="failure")
        raise refuse(401, "Incorrect username or password", {"WWW-Authenticate": "Bearer"})
    if user.totp_enabled:
        if not body.totp_code:
            raise refuse(403, "TOTP_REQUIRED")
        if not code_holds(user.totp_secret, body.totp_code):
            raise refuse(401, "Invalid 2FA Code")
    membership = memberships(world, user.id)[0]
    details = {"org_id": membership.organisation, "role": membership.role}
    world.record("user.login", user=user.id, organisation=membership.organisation, details=details)
    return JSONResponse(session(world, user, membership))


def _count(world: World, username: str, address: str) -> None:
    wait = world.logins.attempt((username, address), time.monotonic())
    if wait:
        detail = f"Too many login attempts. Try again in {wait} seconds."
        raise refuse(429, detail, {"Retry-After": str(wait)})


def code_holds(secret: str, code: str) -> bool:
    """Whether a one-time code is the present one or its neighbour (RFC 6238 §5.2)."""
    return pyotp.TOTP(secret).verify(code, valid_window=1)


@router.post("/register")
async def register(body: RegisterRequest) -> Response:
    """Always refused: accounts come by invitation."""
    raise refuse(403, f"Registration of {body.email} is disabled. Please use an invitation link.")


@router.post("/refresh")
async def refresh(request: Request) -> Response:
    """Always fails: the platform forgets an argument and an await."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not credential:
        raise refuse(403, "Not authenticated")
    raise TypeError("refresh_access_token() missing 1 required positional argument: 'db'")


@router.post("/logout")
async def logout() -> Response:
    """Says so; the token stays valid."""
    return JSONResponse({"message": "Successfully logged out"})


@router.get("/organizations")
async def organizations(caller: Who, world: Here, skip: Skip = 0, limit: Limit = 50) -> Response:
    """The caller's organisations with the role in each."""
    return JSONResponse(page(_organisations(world, caller.user), skip, limit))


@router.post("/switch-org")
async def switch_org(body: SwitchOrgRequest, user: Account, world: Here) -> Response:
    """Tokens for another of the caller's organisations."""
    membership = world.memberships.get(f"{user.id}/{body.org_id}")
    if membership is None:
        raise refuse(403, "You are not a member of this organization")
    return JSONResponse(session(world, user, membership))


@router.get("/me")
async def me(caller: Who, user: Account) -> Response:
    """The caller's account; `org_id` is always null."""
    return JSONResponse(
        {
            "user_id": user.id,
            "username": user.email,
            "email": user.email,
            "roles": caller.roles,
            "org_id": None,
            "created_at": stamp(user.created_at),
            "is_active": True,
            "totp_enabled": user.totp_enabled,
        },
    )


@router.get("/permissions")
async def permissions() -> Response:
    """Null, whoever asks."""
    return JSONResponse(None)
