"""The caller's organisation."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from migrate.demo.platform.filtration.access import permitted
from migrate.demo.platform.filtration.tokens import Caller
from migrate.demo.platform.rows import Membership, Organisation
from migrate.demo.platform.values import new_id, now, stamp
from migrate.demo.platform.wire import Here, refuse
from migrate.demo.platform.world import World

router = APIRouter(prefix="/organizations")


class OrganizationCreate(BaseModel):
    """A new tenant."""

    name: str
    log_payloads: bool = True


class OrganizationUpdate(BaseModel):
    """What may change."""

    name: str | None = None
    log_payloads: bool | None = None


def _shown(row: Organisation) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "api_key": None,
        "log_payloads": row.log_payloads,
        "created_at": stamp(row.created_at),
    }


def _own(caller: Caller, world: World) -> Organisation:
    row = world.organisations.get(caller.organisation or "")
    if row is None:
        raise refuse(404, "Organization not found")
    return row


@router.post("")
async def create(
    body: OrganizationCreate,
    caller: Annotated[Caller, Depends(permitted("organization:update"))],
    world: Here,
) -> Response:
    """201 with the new organisation; the caller becomes its admin."""
    row = world.organisations.insert(Organisation(new_id(), body.name, now(), body.log_payloads))
    world.memberships.insert(Membership(f"{caller.user}/{row.id}", caller.user, row.id, "admin"))
    return JSONResponse(_shown(row), 201)


@router.get("/me")
async def read(caller: Annotated[Caller, Depends(permitted("organization:view"))], world: Here) -> Response:
    """The organisation of the token."""
    return JSONResponse(_shown(_own(caller, world)))


@router.patch("/me")
async def change(
    body: OrganizationUpdate,
    caller: Annotated[Caller, Depends(permitted("organization:update"))],
    world: Here,
) -> Response:
    """The organisation with the given fields changed."""
    row = _own(caller, world)
    return JSONResponse(_shown(world.organisations.update(row.id, **body.model_dump(exclude_none=True))))
