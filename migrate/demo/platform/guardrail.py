"""The guardrail service: one scan, without any authentication."""

from typing import Any, Literal

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel

from migrate.demo.platform import scanning
from migrate.demo.platform.cors import OPEN
from migrate.demo.platform.wire import service_app
from migrate.demo.platform.world import World

router = APIRouter()


class ScanRequest(BaseModel):
    """A text and what to look for."""

    text: str
    scan_type: Literal["input", "output"] = "input"
    user_id: str | None = None
    context: str | None = None
    config: dict[str, Any] | None = None
    custom_banned_keywords: list[str] | None = None
    pii_entities: list[str] | None = None


@router.get("/")
async def read_root() -> Response:
    """What this service is."""
    return JSONResponse({"service": "InferiaLLM Guardrail Service", "version": "0.1.0", "docs": "/docs"})


@router.get("/health")
async def health() -> Response:
    """Healthy while it answers."""
    return JSONResponse({"status": "healthy", "service": "InferiaLLM Guardrail Service", "version": "0.1.0"})


@router.post("/scan")
async def scan(body: ScanRequest) -> Response:
    """The verdict on a text."""
    return JSONResponse(scanning.scan(body.text, body.custom_banned_keywords or [], body.pii_entities or []))


def guardrail_app(world: World) -> FastAPI:
    """Guardrail on :8002."""
    app = service_app(world, "InferiaLLM Guardrail Service", "0.1.0", OPEN)
    app.include_router(router)
    return app
