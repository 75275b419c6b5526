"""The orchestration service, put together."""

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response

from migrate.demo.platform.cors import OPEN
from migrate.demo.platform.orchestration import deployments, inventory, logs, pools, providers, registry
from migrate.demo.platform.wire import service_app
from migrate.demo.platform.world import World

_root = APIRouter()


@_root.get("/health")
async def health() -> Response:
    """Healthy while it answers."""
    return JSONResponse({"status": "healthy", "service": "Orchestration Service", "version": "1.0.0"})


def orchestration_app(world: World) -> FastAPI:
    """Orchestration on :8080; nothing is authenticated."""
    app = service_app(world, "Orchestration Service", "1.0.0", OPEN)
    for router in (
        inventory.router,
        deployments.router,
        pools.router,
        logs.router,
        providers.router,
        registry.router,
        _root,
    ):
        app.include_router(router)
    return app
