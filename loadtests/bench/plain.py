"""The gateway that anybody writes in an afternoon: FastAPI and httpx, passing everything through."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

UPSTREAM = "BENCH_UPSTREAM"
"""The environment variable that holds the base URL passed through to."""
_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "trailer", "host"})


@asynccontextmanager
async def _lifespan(application: FastAPI) -> AsyncIterator[None]:
    async with httpx.AsyncClient(base_url=os.environ[UPSTREAM], timeout=75) as client:
        application.state.client = client
        yield


app = FastAPI(lifespan=_lifespan)


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def pass_through(request: Request) -> StreamingResponse:
    """The upstream's answer as it comes."""
    client: httpx.AsyncClient = request.app.state.client
    url = httpx.URL(path=request.url.path, query=request.url.query.encode())
    headers = [(name, value) for name, value in request.headers.items() if name not in _HOP_BY_HOP]
    asked = client.build_request(request.method, url, headers=headers, content=await request.body())
    answer = await client.send(asked, stream=True)
    kept = {name: value for name, value in answer.headers.items() if name not in _HOP_BY_HOP}
    return StreamingResponse(
        answer.aiter_raw(), status_code=answer.status_code, headers=kept, background=BackgroundTask(answer.aclose)
    )
