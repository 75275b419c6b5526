"""The organisation's users; the same list stands under /management and /admin."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from migrate.demo.platform.filtration.access import permitted
from migrate.demo.platform.filtration.tokens import Caller
from migrate.demo.platform.rows import Membership, User
from migrate.demo.platform.values import digest, new_id, now, stamp
from migrate.demo.platform.wire import Here, Limit, Skip, page, refuse

managed = APIRouter(prefix="/users")
administered = APIRouter(prefix="/users")

MayList = Annotated[Caller, Depends(permitted("member:list"))]


class UserCreate(BaseModel):
    """A user made without an invitation."""

    email: str
    password: str
    role: Literal["admin", "member"] = "member"


class UserRoleUpdate(BaseModel):
    """The new role."""

    role: str


def _shown(user: User, membership: Membership) -> dict[str, Any]:
    return {
        "id": user.id,
        "email": user.email,
        "role": membership.role,
        "org_id": membership.organisation,
        "created_at": stamp(user.created_at),
    }


@managed.post("")
async def create(
    body: UserCreate,
    caller: Annotated[Caller, Depends(permitted("member:invite"))],
    world: Here,
) -> Response:
    """201 with the new user, 409 when the e-mail is known."""
    if world.users.first(lambda row: row.email == body.email):
        raise refuse(409, "User already exists")
    user = world.users.insert(User(new_id(), body.email, digest(body.password), now()))
    organisation = caller.organisation or ""
    row = world.memberships.insert(Membership(f"{user.id}/{organisation}", user.id, organisation, body.role))
    return JSONResponse(_shown(user, row), 201)


@managed.get("")
@administered.get("")
async def list_users(caller: MayList, world: Here, skip: Skip = 0, limit: Limit = 50) -> Response:
    """A page of users in heap order."""
    rows = world.memberships.where(lambda row: row.organisation == caller.organisation)
    found = [(world.users.get(row.user), row) for row in rows]
    shown = [_shown(user, row) for user, row in found if user]
    return JSONResponse(page(shown, skip, limit))


@administered.put("/{user_id}/role")
async def set_role(
    user_id: str,
    body: UserRoleUpdate,
    caller: Annotated[Caller, Depends(permitted("member:update"))],
    world: Here,
) -> Response:
    """Changes a user's role; the user's row moves to the end of lists."""
    if world.roles.get(body.role) is None:
        raise refuse(404, "Role not found")
    row = world.memberships.get(f"{user_id}/{caller.organisation}")
    if row is None:
        raise refuse(404, "User not found")
    world.memberships.update(row.id, role=body.role)
    return JSONResponse({"message": "User role updated"})
