"""Roles and the list of permissions."""

from typing import Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from migrate.demo.platform import permissions
from migrate.demo.platform.filtration.access import permitted
from migrate.demo.platform.rows import Role
from migrate.demo.platform.values import now, stamp
from migrate.demo.platform.wire import Here, Limit, Skip, page, refuse
from migrate.demo.platform.world import World

router = APIRouter(prefix="/roles")


class RoleCreate(BaseModel):
    """A new role."""

    name: str
    description: str | None = None
    permissions: list[str] = []


class RoleUpdate(BaseModel):
    """What may change."""

    description: str | None = None
    permissions: list[str] | None = None


def _needs(verb: str) -> Any:
    return Depends(permitted(f"role:{verb}"))


def _shown(row: Role) -> dict[str, Any]:
    return {
        "name": row.id,
        "description": row.description,
        "permissions": list(row.permissions),
        "created_at": stamp(row.created_at),
        "updated_at": stamp(row.updated_at),
    }


def _check(names: list[str]) -> None:
    unknown = [name for name in names if name not in permissions.ALL]
    if unknown:
        raise refuse(400, f"Invalid permissions: {', '.join(unknown)}")


@router.get("/permissions/list", dependencies=[_needs("list")])
async def list_permissions() -> Response:
    """Every permission there is."""
    return JSONResponse(permissions.ALL)


@router.get("", dependencies=[_needs("list")])
async def list_roles(world: Here, skip: Skip = 0, limit: Limit = 50) -> Response:
    """A page of roles in heap order."""
    return JSONResponse(page([_shown(row) for row in world.roles], skip, limit))


@router.post("", dependencies=[_needs("create")])
async def create(body: RoleCreate, world: Here) -> Response:
    """The new role, with status 200."""
    if world.roles.get(body.name):
        raise refuse(400, "Role already exists")
    _check(body.permissions)
    moment = now()
    row = Role(body.name, body.description, tuple(body.permissions), moment, moment)
    return JSONResponse(_shown(world.roles.insert(row)))


@router.put("/{name}", dependencies=[_needs("update")])
async def change(name: str, body: RoleUpdate, world: Here) -> Response:
    """The changed role; its permissions come back in the order of a set, not of the request."""
    row = _known(world, name)
    changes: dict[str, Any] = {"updated_at": now()}
    if body.description is not None:
        changes["description"] = body.description
    if body.permissions is not None:
        _check(body.permissions)
        changes["permissions"] = tuple(set(body.permissions))
    return JSONResponse(_shown(world.roles.update(row.id, **changes)))


@router.delete("/{name}", dependencies=[_needs("delete")])
async def delete(name: str, world: Here) -> Response:
    """200 with a message; the two built-in roles stay."""
    row = _known(world, name)
    if row.id in ("admin", "member"):
        raise refuse(400, "Cannot delete system roles")
    world.roles.delete(row.id)
    return JSONResponse({"message": "Role deleted"})


def _known(world: World, name: str) -> Role:
    row = world.roles.get(name)
    if row is None:
        raise refuse(404, "Role not found")
    return row
