"""How long after one process changed a flag every gateway process obeys it; beside it, a reload of nginx.

The change is made here, as `promote` makes it; each gateway is asked again and again over its public listener, so
that what is measured is what a client sees: an anonymous call is refused at stage gateway, at stage legacy passed on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from gateway.core.errors import UnreachableError
from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore
from gateway.settings import INTERNAL_KEY, JWT_SECRET
from gateway.store.database import open_store
from loadtests.bench import configs
from loadtests.bench.child import free_ports, running
from loadtests.bench.installed import program
from loadtests.bench.peers import DIRECT, NGINX, SECRET, TARGET, gateway_command, peers, preset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from loadtests.bench.cores import Cores

ROUTE = "deployments.list"
GATEWAYS = 3
_EACH = 0.2
"""Seconds of a round that one change is reckoned at."""
_PAUSE = 0.001
_SPREAD = 0.04
"""Seconds over which the moments of changes are spread, twice the time between two looks at the store."""
_LIMIT = 5.0


@dataclass
class Round:
    """Milliseconds until a change was seen: for each gateway and change, and for each reload of nginx."""

    gateway: list[float] = field(default_factory=list)
    nginx: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Stand:
    """Ports of the gateways, the store they share, and the nginx to reload (port, process, file), if there is one."""

    gateways: tuple[int, ...]
    store: Path
    nginx: tuple[int, int, Path] | None


def propagation(
    directory: Path, cores: Cores, *, rounds: int, seconds: float, say: Callable[[str], None]
) -> dict[str, Any]:
    """Milliseconds until a change is seen: median, p99 and most, over all gateways and changes; every one of them.

    Raises:
        UnreachableError: a gateway did not start, or did not obey within five seconds.
    """
    with _standing(directory, cores) as stand:
        measured = asyncio.run(_rounds(stand, rounds, max(1, round(seconds / _EACH)), say))
    ours = [one for each in measured for one in each.gateway]
    theirs = [one for each in measured for one in each.nginx]
    found: dict[str, Any] = {
        "gateways": len(stand.gateways),
        "gateway": _figures(ours),
        "rounds": {"gateway": [each.gateway for each in measured], NGINX: [each.nginx for each in measured]},
    }
    return found | ({NGINX: _figures(theirs), "ratio": median(ours) / median(theirs)} if theirs else {})


def _figures(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {
        "p50": median(ordered),
        "p99": ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))],
        "most": ordered[-1],
        "changes": len(ordered),
    }


@contextlib.contextmanager
def _standing(directory: Path, cores: Cores) -> Iterator[Stand]:
    with peers(directory, cores) as started, contextlib.ExitStack() as stack:
        upstream = int(started[DIRECT].base.rpartition(":")[2])
        text, store, ports = preset(directory), directory / "cutover.db", free_ports(2 * GATEWAYS)
        environment = {JWT_SECRET: SECRET, INTERNAL_KEY: SECRET}
        for number, pair in enumerate(zip(ports[::2], ports[1::2], strict=True)):
            config = directory / f"gateway-{number}.yaml"
            config.write_text(configs.gateway(text, ports=pair, upstream=upstream, streams=upstream))
            command = cores.on_peer(*gateway_command(config, store))
            log = directory / f"gateway-{number}.log"
            stack.enter_context(running(command, log, port=pair[0], environment=environment))
        yield Stand(tuple(ports[::2]), store, stack.enter_context(_reloaded(directory, cores)))


@contextlib.contextmanager
def _reloaded(directory: Path, cores: Cores) -> Iterator[tuple[int, int, Path] | None]:
    nginx = program("nginx")
    if nginx is None:
        yield None
        return
    (port,) = free_ports(1)
    file = directory / "reloaded.conf"
    file.write_text(_saying(directory, port, 0))
    with running(cores.on_peer(nginx, "-c", str(file)), directory / "reloaded.log", port=port) as pid:
        yield port, pid, file


def _saying(directory: Path, port: int, number: int) -> str:
    return configs.nginx_saying(directory, port, str(number), root=os.geteuid() == 0)


async def _rounds(stand: Stand, rounds: int, changes: int, say: Callable[[str], None]) -> list[Round]:
    found = []
    async with contextlib.AsyncExitStack() as stack:
        asking = [await stack.enter_async_context(_kept(port)) for port in stand.gateways]
        for number in range(rounds):
            round_ = Round()
            for turn in range(changes):
                await asyncio.sleep(random.uniform(0, _SPREAD))
                stage = (Stage.LEGACY, Stage.GATEWAY)[turn % 2]
                round_.gateway += await _changed(stand.store, stage, asking)
                if stand.nginx:
                    round_.nginx.append(await _reload(*stand.nginx, number * changes + turn + 1))
            # Each round begins at the same stage.
            await _changed(stand.store, Stage.GATEWAY, asking)
            found.append(round_)
            say(f"round {number + 1}: median {median(round_.gateway):.1f} ms")
    return found


@contextlib.asynccontextmanager
async def _kept(port: int) -> Any:
    """An anonymous question over one kept connection: whether it was refused."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asked = f"GET {TARGET} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: bench\r\n\r\n".encode()

    async def refused() -> bool:
        writer.write(asked)
        status, *lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
        (length,) = [line for line in lines if line.startswith(b"content-length:")]
        await reader.readexactly(int(length.partition(b":")[2]))
        return status.split(b" ")[1] != b"200"

    try:
        yield refused
    finally:
        writer.close()


async def _changed(store: Path, stage: Stage, asking: list[Any]) -> list[float]:
    """Change the stage; milliseconds until each gateway acts by it."""
    started = time.monotonic()

    async def until(refused: Callable[[], Any]) -> float:
        while await refused() is not (stage is Stage.GATEWAY):
            if time.monotonic() - started > _LIMIT:
                raise UnreachableError(f"a gateway did not act by stage {stage} within {_LIMIT:g} s")
            await asyncio.sleep(_PAUSE)
        return (time.monotonic() - started) * 1e3

    seen, _ = await asyncio.gather(
        asyncio.gather(*map(until, asking)),
        asyncio.to_thread(_move, store, stage),
    )
    return list(seen)


def _move(store: Path, stage: Stage) -> None:
    connection = open_store(store)
    try:
        flags = FlagStore(connection)
        flags.change([Flag(ROUTE, stage, by="bench", reason="bench")], expected=flags.snapshot())
    finally:
        connection.close()


async def _reload(port: int, pid: int, file: Path, number: int) -> float:
    """Give nginx another configuration; milliseconds until a new connection is answered by it."""
    await asyncio.to_thread(file.write_text, _saying(file.parent, port, number))
    started = time.monotonic()
    os.kill(pid, signal.SIGHUP)
    while await _said(port) != str(number).encode():
        if time.monotonic() - started > _LIMIT:
            raise UnreachableError(f"nginx did not reload within {_LIMIT:g} s")
        await asyncio.sleep(_PAUSE)
    return (time.monotonic() - started) * 1e3


async def _said(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return (await reader.read()).rpartition(b"\r\n")[2]
    except ConnectionError:
        return b""
    finally:
        writer.close()
