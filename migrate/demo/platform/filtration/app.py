"""The filtration service, put together."""

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response

from migrate.demo.platform.cors import OPEN
from migrate.demo.platform.filtration import (
    api_keys,
    audit,
    auth,
    external_deployments,
    insights,
    internal,
    invitations,
    knowledge,
    organisations,
    policy_config,
    provider_config,
    roles,
    templates,
    totp,
    users,
)
from migrate.demo.platform.filtration.gate import Credentials, RequestContext, internal_error
from migrate.demo.platform.wire import service_app
from migrate.demo.platform.world import World

_root = APIRouter()


@_root.get("/")
async def read_root() -> Response:
    """What this service is."""
    return JSONResponse(
        {
            "service": "InferiaLLM Filtration Layer",
            "version": "0.1.0",
            "environment": "development",
            "docs": "/docs",
            "health": "/health",
        },
    )


@_root.get("/health")
async def health() -> Response:
    """Healthy while it answers."""
    components = {"rbac": "healthy", "rate_limiter": "healthy"}
    return JSONResponse({"status": "healthy", "version": "0.1.0", "service": None, "components": components})


def filtration_app(world: World) -> FastAPI:
    """Filtration on :8000; the account routes stand under /auth and again under /internal/auth."""
    app = service_app(world, "InferiaLLM Filtration Layer", "0.1.0", OPEN)
    # Added later means further out: credentials fail before request ids and CORS are there.
    app.add_middleware(RequestContext)
    app.add_middleware(Credentials, world=world)
    app.add_exception_handler(Exception, internal_error)
    app.include_router(_root)
    for prefix in ("/auth", "/internal/auth"):
        for router in (auth.router, invitations.by_token, totp.router):
            app.include_router(router, prefix=prefix)
    for router in (
        organisations.router,
        invitations.managed,
        users.managed,
        external_deployments.router,
        external_deployments.models,
        api_keys.router,
        provider_config.router,
        policy_config.router,
        knowledge.router,
        templates.router,
        insights.router,
    ):
        app.include_router(router, prefix="/management")
    for router in (roles.router, users.administered):
        app.include_router(router, prefix="/admin")
    app.include_router(audit.router)
    app.include_router(internal.router)
    return app
