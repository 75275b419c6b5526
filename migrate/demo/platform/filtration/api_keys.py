"""API keys: shown whole once, revoked without effect on inference."""

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from migrate.demo.platform.filtration.access import permitted
from migrate.demo.platform.filtration.tokens import Caller
from migrate.demo.platform.rows import ApiKey
from migrate.demo.platform.values import new_id, now, stamp
from migrate.demo.platform.wire import Here, Limit, Skip, no_content, page, refuse

router = APIRouter(prefix="/api-keys")


class ApiKeyCreate(BaseModel):
    """What a new key is called."""

    name: str
    days_valid: int = 30
    deployment_id: str | None = None


def _shown(row: ApiKey) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "prefix": row.prefix,
        "is_active": row.is_active,
        "created_at": stamp(row.created_at),
        "last_used_at": stamp(row.last_used_at),
    }


@router.post("")
async def create(
    body: ApiKeyCreate,
    caller: Annotated[Caller, Depends(permitted("api_key:create"))],
    world: Here,
) -> Response:
    """201 with the secret, this once."""
    organisation = caller.organisation or ""
    row = world.api_keys.insert(ApiKey(new_id(), organisation, body.name, f"sk-{uuid.uuid4().hex}", now()))
    details = {"name": row.name, "prefix": row.prefix, "deployment_id": body.deployment_id}
    world.record(
        "api_key.create",
        user=caller.user,
        organisation=organisation,
        resource=("api_key", row.id),
        details=details,
    )
    return JSONResponse(_shown(row) | {"secret_key": row.secret}, 201)


@router.get("")
async def list_keys(
    caller: Annotated[Caller, Depends(permitted("api_key:list"))],
    world: Here,
    skip: Skip = 0,
    limit: Limit = 50,
) -> Response:
    """A page of the organisation's keys in heap order."""
    found = world.api_keys.where(lambda row: row.organisation == caller.organisation)
    return JSONResponse(page([_shown(row) for row in found], skip, limit))


@router.delete("/{key_id}")
async def revoke(
    key_id: str,
    caller: Annotated[Caller, Depends(permitted("api_key:revoke"))],
    world: Here,
) -> Response:
    """204; the key is marked inactive, moves to the end of lists, and goes on working."""
    row = world.api_keys.get(key_id)
    if row is None or row.organisation != caller.organisation:
        raise refuse(404, "API Key not found")
    world.api_keys.update(key_id, is_active=False, last_used_at=now())
    details = {"name": row.name, "prefix": row.prefix}
    world.record(
        "api_key.revoke",
        user=caller.user,
        organisation=row.organisation,
        resource=("api_key", row.id),
        details=details,
    )
    return no_content()
