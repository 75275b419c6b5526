"""The audit log, and the door through which other services write it."""

import hmac
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from migrate.demo.platform.filtration.access import admin
from migrate.demo.platform.filtration.tokens import Caller
from migrate.demo.platform.rows import AuditEntry
from migrate.demo.platform.values import naive, stamp
from migrate.demo.platform.wire import Here, page, refuse

router = APIRouter(prefix="/audit")

_ADMINS = "Operation not permitted. Required roles: [<RoleType.ADMIN: 'admin'>]"


class AuditLogCreate(BaseModel):
    """One entry from another service."""

    user_id: str | None = None
    action: str
    resource_type: str | None = None
    resource_id: str | None = None
    details: dict[str, Any] | None = None
    ip_address: str | None = None
    status: str = "success"


def _shown(row: AuditEntry) -> dict[str, Any]:
    return {
        "id": row.id,
        "timestamp": stamp(row.timestamp),
        "user_id": row.user,
        "action": row.action,
        "resource_type": row.resource_type,
        "resource_id": row.resource_id,
        "details": row.details,
        "ip_address": row.ip_address,
        "status": row.status,
    }


@router.get("/logs")
async def list_entries(
    caller: Annotated[Caller, Depends(admin(_ADMINS))],
    world: Here,
    user_id: str | None = None,
    action: str | None = None,
    start_date: datetime | None = None,
    end_date: datetime | None = None,
    limit: Annotated[int, Query(le=1000)] = 100,
    skip: int = 0,
) -> Response:
    """Entries of the organisation and of nobody's, latest first; a negative page is an SQL error."""
    if limit < 0 or skip < 0:
        raise RuntimeError("LIMIT and OFFSET must not be negative")
    start, end = naive(start_date), naive(end_date)
    found = [
        row
        for row in reversed(list(world.audit))
        if row.organisation in (None, caller.organisation)
        and user_id in (None, row.user)
        and action in (None, row.action)
        and (start is None or row.timestamp >= start)
        and (end is None or row.timestamp <= end)
    ]
    found.sort(key=lambda row: row.timestamp, reverse=True)
    return JSONResponse([_shown(row) for row in page(found, skip, limit)])


@router.post("/internal/log")
async def write(
    body: AuditLogCreate,
    world: Here,
    x_internal_api_key: Annotated[str | None, Header()] = None,
) -> Response:
    """Appends an entry for a holder of the internal key."""
    if not x_internal_api_key:
        raise refuse(403, "Not authenticated")
    if not hmac.compare_digest(x_internal_api_key.encode(), world.internal_key.encode()):
        raise refuse(403, "Invalid internal API key")
    resource = (body.resource_type or "", body.resource_id or "") if body.resource_type else None
    row = world.record(
        body.action,
        user=body.user_id,
        resource=resource,
        details=body.details,
        status=body.status,
    )
    return JSONResponse(_shown(row))
