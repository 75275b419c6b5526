"""The inference service, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrate.demo.platform.cors import LISTED
from migrate.demo.platform.inference import chat, models
from migrate.demo.platform.wire import service_app

if TYPE_CHECKING:
    from fastapi import FastAPI

    from migrate.demo.platform.world import World


def inference_app(world: World) -> FastAPI:
    """Inference on :8001; API keys only."""
    app = service_app(world, "InferiaLLM Inference Gateway", "0.1.0", LISTED)
    app.state.models = models.ModelCache()
    app.include_router(models.router)
    app.include_router(chat.router)
    return app
