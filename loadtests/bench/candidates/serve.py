"""`python -m loadtests.bench.candidates.serve SERVER PORT`: the pass-through under one of the servers."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING

import uvicorn
import uvloop
from granian import Granian
from granian.constants import Interfaces, Loops

from gateway.listener import Listener, bound
from loadtests.bench.candidates import pass_through

if TYPE_CHECKING:
    from collections.abc import Callable

_APP = f"{pass_through.__name__}:app"


def with_uvicorn(port: int) -> None:
    """One process, httptools and uvloop, no access log."""
    uvicorn.run(_APP, port=port, http="httptools", loop="uvloop", access_log=False, lifespan="off", log_level="error")


def with_granian(port: int) -> None:
    """One worker of granian's Rust server on uvloop, no access log."""
    Granian(
        _APP,
        port=port,
        interface=Interfaces.ASGINL,
        loop=Loops.uvloop,
        workers=1,
        runtime_threads=1,
        log_enabled=False,
    ).serve()


def with_own(port: int) -> None:
    """The gateway's own listener."""
    with bound(f"127.0.0.1:{port}") as sock:
        uvloop.run(_listen(Listener(pass_through.app, sock)))


async def _listen(listener: Listener) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    await listener.start()
    await stop.wait()
    await listener.stop(0.0)


SERVERS: dict[str, Callable[[int], None]] = {"own": with_own, "uvicorn": with_uvicorn, "granian": with_granian}

if __name__ == "__main__":
    SERVERS[sys.argv[1]](int(sys.argv[2]))
