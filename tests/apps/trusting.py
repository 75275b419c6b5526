"""A real FastAPI service under uvicorn that trusts the gateway and accepts only what it hands on."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI, Request, WebSocket

from gateway.downstream import Downstream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass
class Trusting:
    """Its address, and the contexts it was sent, as they came over the wire."""

    address: str = ""
    contexts: list[str] = field(default_factory=list)


def application() -> FastAPI:
    """Says who calls, as the middleware found out."""
    app = FastAPI()

    def told(request: Request, path: str) -> dict[str, Any]:
        caller = getattr(request.state, "cutover", None)
        identity = [[name, value] for name, value in request.headers.items() if name.startswith("x-user")]
        return {"caller": asdict(caller) if caller else None, "identity": identity, "path": path}

    async def health(request: Request) -> dict[str, Any]:
        return told(request, "health")

    async def things(request: Request, path: str) -> dict[str, Any]:
        return told(request, path)

    async def socket(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_json(asdict(socket.state.cutover))
        await socket.close()

    app.add_api_route("/health", health, response_model=None)
    app.add_api_route("/things/{path:path}", things, methods=["GET", "POST", "PUT"], response_model=None)
    app.add_api_websocket_route("/socket", socket)
    return app


@asynccontextmanager
async def trusting(key: str, service: str = "orders", **options: Any) -> AsyncIterator[Trusting]:
    """A running service, which notes every context before it is checked."""
    running = Trusting()
    inner = Downstream(application(), service=service, keys=key, **options)

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        running.contexts += [value.decode() for name, value in scope["headers"] if name == b"cutover-context"]
        await inner(scope, receive, send)

    config = uvicorn.Config(noting, port=0, ws="websockets-sansio", log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    # Not `serve`, since signals are the test run's own.
    task = asyncio.create_task(server._serve())
    while not server.started:  # noqa: ASYNC110 - the server announces it nowhere else
        await asyncio.sleep(0.01)
    running.address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield running
    finally:
        server.should_exit = True
        await task
