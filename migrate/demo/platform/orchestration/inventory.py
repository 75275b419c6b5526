"""Heartbeats of nodes."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from migrate.demo.platform.wire import Here, refuse

router = APIRouter(prefix="/inventory")

_STATES = {"ready", "busy", "unhealthy", "offline", "provisioning"}


class HeartbeatPayload(BaseModel):
    """What a node says of itself; the default state is one the database refuses."""

    provider: str
    provider_instance_id: str
    gpu_allocated: int = 0
    vcpu_allocated: int = 0
    ram_gb_allocated: int = 0
    health_score: int = 100
    state: str = "READY"
    expose_url: str | None = None


@router.post("/heartbeat")
async def heartbeat(body: HeartbeatPayload, world: Here) -> Response:
    """Notes a node's state; a state in capitals breaks on the database's enum."""
    if body.state not in _STATES:
        raise RuntimeError(f'invalid input value for enum node_state: "{body.state}"')
    row = world.nodes.first(lambda row: (row.provider, row.instance) == (body.provider, body.provider_instance_id))
    if row is None:
        raise refuse(404, "Node not found")
    world.nodes.update(
        row.id,
        state=body.state,
        gpu_allocated=body.gpu_allocated,
        vcpu_allocated=body.vcpu_allocated,
        expose_url=body.expose_url or row.expose_url,
    )
    return JSONResponse({"status": "ok"})
