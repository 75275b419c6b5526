"""Filtration's own view of deployments: its list, their inference logs, and the delete that fails after its work."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from migrate.demo.platform.filtration.access import permitted
from migrate.demo.platform.filtration.tokens import Caller
from migrate.demo.platform.inference_logs import organisation_logs, shown_log
from migrate.demo.platform.rows import Deployment
from migrate.demo.platform.values import stamp
from migrate.demo.platform.wire import Here, Limit, Skip, page, refuse
from migrate.demo.platform.world import World

router = APIRouter(prefix="/deployments")
models = APIRouter(prefix="/models")

MayList = Annotated[Caller, Depends(permitted("deployment:list"))]


class DeploymentCreate(BaseModel):
    """A body that is checked before the insert fails."""

    name: str
    model_name: str
    provider: str
    endpoint_url: str | None = None
    credentials_json: dict[str, Any]


def _shown(row: Deployment) -> dict[str, Any]:
    return {
        "id": row.id,
        "model_name": row.model_name,
        "engine": row.engine,
        "endpoint": row.endpoint,
        "org_id": row.organisation,
        "llmd_resource_name": None,
        "inference_model": row.inference_model,
        "created_at": stamp(row.created_at),
    }


def _own(world: World, caller: Caller, deployment_id: str) -> Deployment:
    row = world.deployments.get(deployment_id)
    if row is None or row.organisation != caller.organisation:
        raise refuse(404, "Deployment not found")
    return row


@router.post("")
async def create(
    _body: DeploymentCreate, _caller: Annotated[Caller, Depends(permitted("deployment:create"))]
) -> Response:
    """Always fails: the insert names columns that do not exist."""
    raise TypeError("'name' is an invalid keyword argument for Deployment")


@router.get("")
async def list_deployments(caller: MayList, world: Here, skip: Skip = 0, limit: Limit = 50) -> Response:
    """A page of the organisation's deployments in heap order."""
    found = world.deployments.where(lambda row: row.organisation == caller.organisation)
    return JSONResponse(page([_shown(row) for row in found], skip, limit))


@router.get("/recent-logs")
async def recent_logs(
    caller: MayList,
    world: Here,
    limit: Limit = 20,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """The organisation's latest inference logs."""
    found = organisation_logs(world, caller.organisation)
    return JSONResponse([shown_log(row) for row in page(found, offset, limit)])


@router.get("/{deployment_id}/logs")
async def deployment_logs(
    deployment_id: str,
    caller: MayList,
    world: Here,
    limit: Limit = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """One deployment's latest inference logs."""
    row = _own(world, caller, deployment_id)
    found = [log for log in organisation_logs(world, caller.organisation) if log.deployment == row.id]
    return JSONResponse([shown_log(log) for log in page(found, offset, limit)])


@router.delete("/{deployment_id}")
async def delete(
    deployment_id: str,
    caller: Annotated[Caller, Depends(permitted("deployment:delete"))],
    world: Here,
) -> Response:
    """Deletes, commits, and then fails while writing the audit log: a retry finds nothing."""
    world.deployments.delete(_own(world, caller, deployment_id).id)
    raise AttributeError("'Deployment' object has no attribute 'name'")


@models.get("")
async def list_models(_caller: MayList) -> Response:
    """Always fails: the query names columns that do not exist."""
    raise AttributeError("type object 'Deployment' has no attribute 'provider'")
