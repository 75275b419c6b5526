"""Provisioning logs, and the descriptor that sends browsers to the sidecar's WebSocket."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from migrate.demo.platform.rows import Deployment, Pool
from migrate.demo.platform.wire import Here, refuse
from migrate.demo.platform.world import World

router = APIRouter(prefix="/deployment/logs")

_STREAMING = ("nosana", "akash")


def _placed(world: World, deployment_id: str) -> tuple[Deployment, Pool]:
    row = world.deployments.get(deployment_id)
    pool = world.pools.get(row.pool) if row else None
    if row is None or pool is None:
        raise refuse(404, "Deployment/Pool not found")
    return row, pool


@router.get("/{deployment_id}")
async def read(deployment_id: str, world: Here) -> Response:
    """The provider's log so far."""
    row, pool = _placed(world, deployment_id)
    lines = [f"[{row.job}@node1] line {number}" for number in range(1, 4)] if row.job else []
    return JSONResponse({"logs": lines, "provider": pool.provider})


@router.get("/{deployment_id}/stream")
async def stream(deployment_id: str, world: Here) -> Response:
    """Plain JSON: the sidecar's own address and what to send there first; an error is 200 too."""
    row, pool = _placed(world, deployment_id)
    if not row.job:
        return JSONResponse({"error": "No node assigned to this deployment yet"})
    if pool.provider not in _STREAMING:
        return JSONResponse({"error": f"Log streaming not supported for provider {pool.provider}"})
    subscription = {"type": "subscribe_logs", "provider": pool.provider, "jobId": row.job, "nodeAddress": "node1"}
    address = f"ws://{world.addresses['sidecar']}/{pool.provider}"
    return JSONResponse({"ws_url": address, "provider": pool.provider, "subscription": subscription})
