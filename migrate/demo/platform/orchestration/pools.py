"""Compute pools and their nodes."""

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from migrate.demo.platform.orchestration.providers import RESOURCES
from migrate.demo.platform.rows import Node, Pool
from migrate.demo.platform.values import is_uuid, new_id
from migrate.demo.platform.wire import Here, refuse

router = APIRouter(prefix="/deployment")

_DUPLICATE = (
    "Unexpected <class 'asyncpg.exceptions.UniqueViolationError'>: duplicate key value violates unique constraint "
    '"compute_pools_pool_name_owner_id_key"\nDETAIL:  Key (pool_name, owner_id)=({}, {}) already exists.'
)


class CreatePoolRequest(BaseModel):
    """A pool over one provider's resource."""

    pool_name: str
    owner_type: str
    owner_id: str
    provider: str
    allowed_gpu_types: list[str]
    max_cost_per_hour: float
    is_dedicated: bool
    provider_pool_id: str
    scheduling_policy_json: str


def _shown_node(row: Node) -> dict[str, Any]:
    return {
        "node_id": row.id,
        "provider": row.provider,
        "state": row.state,
        "gpu_total": 1,
        "gpu_allocated": row.gpu_allocated,
        "vcpu_total": 8,
        "vcpu_allocated": row.vcpu_allocated,
        "expose_url": row.expose_url,
    }


@router.post("/createpool")
async def create(body: CreatePoolRequest, world: Here) -> Response:
    """CREATED; an unknown provider or a name taken is 500 with the inner error's words."""
    if body.provider not in RESOURCES:
        raise refuse(500, f"Unexpected <class 'ValueError'>: No adapter registered for {body.provider}")
    taken = world.pools.first(lambda row: (row.name, row.owner) == (body.pool_name, body.owner_id) and row.is_active)
    if taken:
        raise refuse(500, _DUPLICATE.format(body.pool_name, body.owner_id))
    row = world.pools.insert(Pool(new_id(), body.pool_name, body.provider, body.owner_id))
    return JSONResponse({"pool_id": row.id, "status": "CREATED"})


@router.post("/deletepool/{pool_id}")
async def delete(pool_id: str, world: Here) -> Response:
    """DELETED, also when nothing was there."""
    if world.pools.get(pool_id):
        world.pools.update(pool_id, is_active=False)
    return JSONResponse({"pool_id": pool_id, "status": "DELETED"})


@router.get("/listPools/{owner_id}")
async def list_pools(owner_id: str, world: Here) -> Response:
    """Active pools of an owner; any text is an owner, `health-check` too."""
    rows = world.pools.where(lambda row: row.owner == owner_id and row.is_active)
    shown = [
        {"pool_id": row.id, "pool_name": row.name, "provider": row.provider, "is_active": row.is_active}
        for row in rows
    ]
    return JSONResponse({"pools": shown})


@router.get("/list/pool/{pool_id}/inventory")
async def inventory(pool_id: str, world: Here) -> Response:
    """The pool's nodes; an id that is no uuid is 500."""
    if not is_uuid(pool_id):
        detail = f"invalid input for query argument $1: '{pool_id}' (invalid UUID '{pool_id}')"
        raise refuse(500, f"Unexpected <class 'asyncpg.exceptions.DataError'>: {detail}")
    rows = world.nodes.where(lambda row: row.pool == pool_id)
    return JSONResponse({"pool_id": pool_id, "nodes": [_shown_node(row) for row in rows]})
