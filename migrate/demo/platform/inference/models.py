"""The list of models, thirty seconds stale."""

import time
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from migrate.demo.platform import context
from migrate.demo.platform.inference.credentials import api_key
from migrate.demo.platform.wire import Here, refuse

router = APIRouter(prefix="/v1")

STALE_SECONDS = 30.0


class ModelCache:
    """Answers by (skip, limit) alone: whoever asked first decides for everybody."""

    def __init__(self) -> None:
        self._kept: dict[tuple[int, int], tuple[float, list[dict[str, Any]]]] = {}

    def get(self, key: tuple[int, int], moment: float) -> list[dict[str, Any]] | None:
        """The kept answer, unless it is older than thirty seconds."""
        kept = self._kept.get(key)
        return kept[1] if kept and moment - kept[0] < STALE_SECONDS else None

    def put(self, key: tuple[int, int], moment: float, models: list[dict[str, Any]]) -> None:
        """Keep an answer."""
        self._kept[key] = (moment, models)


@router.get("/models")
async def list_models(
    request: Request,
    world: Here,
    skip: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Response:
    """Running models of every organisation, for a holder of any key."""
    if world.key_of(api_key(request)) is None:
        raise refuse(401, context.BAD_KEY)
    cache: ModelCache = request.app.state.models
    moment = time.monotonic()
    models = cache.get((skip, limit), moment)
    if models is None:
        models = context.running_models(world, skip, limit)
        cache.put((skip, limit), moment, models)
    return JSONResponse({"object": "list", "data": models})
