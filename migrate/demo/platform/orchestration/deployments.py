"""Deploy, look, stop, start, delete."""

import asyncio
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict

from migrate.demo.platform.rows import Deployment
from migrate.demo.platform.values import is_uuid, new_id
from migrate.demo.platform.wire import Here, refuse
from migrate.demo.platform.world import World

router = APIRouter(prefix="/deployment")

_NOBODY = "Deployment not found: Unexpected <class 'AttributeError'>: 'NoneType' object has no attribute 'get'"
_BAD_ID = (
    "Deployment not found: Unexpected <class 'asyncpg.exceptions.DataError'>: "
    "invalid input for query argument $1: '{0}' (invalid UUID '{0}')"
)
_REFERENCED = (
    "Unexpected <class 'asyncpg.exceptions.ForeignKeyViolationError'>: update or delete on table "
    '"model_deployments" violates foreign key constraint "inference_logs_deployment_id_fkey" on table '
    '"inference_logs"\nDETAIL:  Key (deployment_id)=({}) is still referenced from table "inference_logs".'
)


class DeployModelRequest(BaseModel):
    """What to deploy, for whom, where."""

    model_config = ConfigDict(protected_namespaces=())

    model_name: str
    model_version: str
    replicas: int
    gpu_per_replica: int
    workload_type: str = "inference"
    pool_id: str
    job_definition: dict[str, Any] | None = None
    engine: str | None = None
    configuration: dict[str, Any] | None = None
    owner_id: str | None = None
    endpoint: str | None = None
    org_id: str | None = None
    policies: dict[str, Any] | None = None
    inference_model: str | None = None


class TerminateDeploymentRequest(BaseModel):
    """The deployment to stop or start."""

    deployment_id: str


def listed(row: Deployment) -> dict[str, Any]:
    """A deployment as lists show it; `created_at` is always null there."""
    return {
        "deployment_id": row.id,
        "model_name": row.model_name,
        "model_version": "latest (Compute)",
        "state": row.state,
        "replicas": row.replicas,
        "pool_id": row.pool,
        "created_at": None,
        "engine": row.engine,
        "endpoint": row.endpoint,
        "org_id": row.organisation,
    }


def latest_first(rows: list[Deployment]) -> list[Deployment]:
    """By creation time descending as PostgreSQL sorts it: nulls first, ties in heap order."""
    dated = [row for row in rows if row.created_at]
    dated.sort(key=lambda row: str(row.created_at), reverse=True)
    return [row for row in rows if row.created_at is None] + dated


def _known(world: World, deployment_id: str) -> Deployment:
    row = world.deployments.get(deployment_id)
    if row is None:
        raise refuse(404, _NOBODY if is_uuid(deployment_id) else _BAD_ID.format(deployment_id))
    return row


def _later(world: World, deployment_id: str, expected: str, state: str, job: str = "") -> None:
    """The worker's turn: when the row still stands in the expected state, it moves on."""

    def settle() -> None:
        row = world.deployments.get(deployment_id)
        if row and row.state == expected:
            world.deployments.update(deployment_id, state=state, job=job or row.job)

    asyncio.get_running_loop().call_later(world.settle_seconds, settle)


def _begin(world: World, row: Deployment) -> str:
    """Put a deployment to work and return the state it is in at once."""
    if row.workload == "external":
        return "RUNNING"
    pool = world.pools.get(row.pool)
    _later(world, row.id, "DEPLOYING", "RUNNING" if pool else "FAILED", f"job-{row.id}" if pool else "")
    return "DEPLOYING"


@router.post("/deploy")
async def deploy(body: DeployModelRequest, world: Here) -> Response:
    """Answers DEPLOYING; external deployments run at once, others soon."""
    row = Deployment(
        new_id(),
        body.org_id,
        body.model_name,
        "DEPLOYING",
        body.pool_id,
        body.engine,
        body.endpoint,
        body.owner_id,
        body.workload_type,
        body.replicas,
        body.configuration or {},
        body.policies or {},
        body.inference_model,
    )
    world.deployments.insert(row)
    state = _begin(world, row)
    if state != row.state:
        world.deployments.update(row.id, state=state)
    details = {"name": body.model_name, "model": body.model_version, "pool_id": body.pool_id}
    resource = ("deployment", row.id)
    world.record(
        "deployment.create", user=body.owner_id, organisation=body.org_id, resource=resource, details=details
    )
    return JSONResponse({"deployment_id": row.id, "status": "DEPLOYING"})


@router.get("/status/{deployment_id}")
async def status(deployment_id: str, world: Here) -> Response:
    """Everything about a deployment, the upstream's key in clear."""
    row = _known(world, deployment_id)
    return JSONResponse(
        {
            "deployment_id": row.id,
            "state": row.state,
            "replicas": row.replicas,
            "pool_id": row.pool,
            "model_name": row.model_name,
            "model_version": "",
            "configuration": {**row.configuration, "workload_type": row.workload},
            "owner_id": row.owner,
            "endpoint": row.endpoint,
            "org_id": row.organisation,
            "policies": row.policies,
            "engine": row.engine,
            "inference_model": row.inference_model or "",
        },
    )


@router.post("/terminate")
async def terminate(body: TerminateDeploymentRequest, world: Here) -> Response:
    """Answers TERMINATED at once; the row goes TERMINATING, then STOPPED."""
    row = _known(world, body.deployment_id)
    world.deployments.update(row.id, state="TERMINATING")
    _later(world, row.id, "TERMINATING", "STOPPED")
    return JSONResponse({"deployment_id": row.id, "status": "TERMINATED"})


@router.post("/start")
async def start(body: TerminateDeploymentRequest, world: Here) -> Response:
    """Starts a stopped deployment."""
    row = _known(world, body.deployment_id)
    if row.state not in ("STOPPED", "FAILED", "TERMINATED"):
        raise refuse(400, f"Deployment cannot be started in state {row.state}")
    state = _begin(world, row)
    world.deployments.update(row.id, state=state)
    return JSONResponse({"deployment_id": row.id, "status": state})


@router.delete("/delete/{deployment_id}")
async def delete(deployment_id: str, world: Here) -> Response:
    """400 while running, 500 with the database's words when inference logs refer to it."""
    row = _known(world, deployment_id)
    if row.state not in ("STOPPED", "FAILED", "TERMINATED"):
        raise refuse(400, f"Cannot delete deployment in state {row.state}. Stop it first.")
    if world.logs.first(lambda log: log.deployment == row.id):
        raise refuse(500, _REFERENCED.format(row.id))
    world.deployments.delete(row.id)
    return JSONResponse({"deployment_id": row.id, "status": "DELETED"})


@router.get("/deployments")
async def list_deployments(world: Here, org_id: str | None = None) -> Response:
    """Deployments of one organisation, or of all."""
    rows = world.deployments.where(lambda row: org_id in (None, row.organisation))
    return JSONResponse({"deployments": [listed(row) for row in latest_first(rows)]})


@router.get("/listDeployments/{pool_id}")
async def list_pool_deployments(pool_id: str, world: Here) -> Response:
    """Deployments of one pool."""
    rows = world.deployments.where(lambda row: row.pool == pool_id)
    return JSONResponse({"deployments": [listed(row) for row in latest_first(rows)]})
