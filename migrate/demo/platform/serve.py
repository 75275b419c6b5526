"""Seven uvicorn servers on one event loop: the six services and the control port."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

import uvicorn
import uvloop

from gateway.core.errors import UnreachableError
from migrate.demo.platform.control import control_app
from migrate.demo.platform.data import data_app
from migrate.demo.platform.faults import Faults, Faulty
from migrate.demo.platform.filtration.app import filtration_app
from migrate.demo.platform.guardrail import guardrail_app
from migrate.demo.platform.inference.app import inference_app
from migrate.demo.platform.journal import Journal, Journalled
from migrate.demo.platform.launch import SERVICES
from migrate.demo.platform.orchestration.app import orchestration_app
from migrate.demo.platform.sidecar import Sidecar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.types import ASGIApp

    from migrate.demo.platform.world import World

_BACKLOG = 2048
_GRACE = 1


def run(world: World, ports: Mapping[str, int], *, while_stdin_is_open: bool) -> None:
    """Serve until SIGTERM or SIGINT; prints one JSON line with the addresses once every socket listens.

    Raises:
        UnreachableError: a port is taken.
    """
    # uvicorn and asyncio would write a traceback for every 500 that the platform is known for.
    logging.disable(logging.CRITICAL)
    sockets = {name: _listen(name, ports.get(name, 0)) for name in (*SERVICES, "control")}
    world.addresses |= {name: f"127.0.0.1:{bound.getsockname()[1]}" for name, bound in sockets.items()}
    uvloop.run(_serve(world, sockets, while_stdin_is_open=while_stdin_is_open))


def applications(world: World) -> dict[str, ASGIApp]:
    """The services' ASGI apps as their clients see them, by name, without journal and faults."""
    return {
        "filtration": filtration_app(world),
        "inference": inference_app(world),
        "orchestration": orchestration_app(world),
        "data": data_app(world),
        "guardrail": guardrail_app(world),
        "sidecar": Sidecar(),
    }


def _listen(name: str, port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
    except OSError as error:
        raise UnreachableError(f"{name} cannot listen on 127.0.0.1:{port}: {error.strerror}") from None
    bound.listen(_BACKLOG)
    return bound


class _Server(uvicorn.Server):
    """A server that leaves signals to `_serve`."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(name: str, app: ASGIApp) -> _Server:
    is_express = name == "sidecar"
    config = uvicorn.Config(
        app,
        log_config=None,
        log_level="critical",
        access_log=False,
        lifespan="off",
        http="httptools",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
        proxy_headers=not is_express,
        forwarded_allow_ips="127.0.0.1",
        server_header=not is_express,
        date_header=not is_express,
        timeout_graceful_shutdown=_GRACE,
    )
    return _Server(config)


async def _serve(world: World, sockets: Mapping[str, socket.socket], *, while_stdin_is_open: bool) -> None:
    journal, faults = Journal(), Faults()
    apps: dict[str, ASGIApp] = {
        name: Journalled(Faulty(app, name, faults), name, journal) for name, app in applications(world).items()
    }
    apps["control"] = control_app(journal, faults, SERVICES)
    servers = {name: _server(name, app) for name, app in apps.items()}
    _on_end(list(servers.values()), while_stdin_is_open=while_stdin_is_open)
    urls = {name: f"http://{address}" for name, address in world.addresses.items()}
    control = urls.pop("control")
    sys.stdout.write(json.dumps({"urls": urls, "control": control, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    await asyncio.gather(*(server.serve([sockets[name]]) for name, server in servers.items()))


def _on_end(servers: list[_Server], *, while_stdin_is_open: bool) -> None:
    def end() -> None:
        for server in servers:
            server.should_exit = True

    def read() -> None:
        if not os.read(0, 4096):
            loop.remove_reader(0)
            end()

    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, end)
    loop.add_signal_handler(signal.SIGINT, end)
    if while_stdin_is_open:
        loop.add_reader(0, read)
