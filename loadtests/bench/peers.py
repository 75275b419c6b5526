"""What is measured, running: the service, and everything that can stand before it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import jwt

from gateway.config import load_table
from gateway.core.errors import CutoverError, UnreachableError
from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore
from gateway.settings import ACCESS_LOG, INTERNAL_KEY, JWT_SECRET
from gateway.store.database import open_store
from loadtests.bench import configs
from loadtests.bench.child import free_ports, running
from loadtests.bench.installed import program
from loadtests.bench.plain import UPSTREAM
from loadtests.bench.stand_in import HEALTHY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from loadtests.bench.cores import Cores

TARGET = "/api/v1/deployments?org_id=bench-org"
"""A listing that is scoped by the caller's organisation."""
DIRECT, NGINX, HAPROXY, GATEWAY, PLAIN = "direct", "nginx", "haproxy", "gateway", "plain"
PROGRAMS = {NGINX: "nginx", HAPROXY: "haproxy"}
"""Peers that are programs of others."""
USERS = 16
SECRET = "benchmark-secret-0123456789abcdef0123456789"  # noqa: S105 - of a gateway that lives for minutes


@dataclass(frozen=True, slots=True)
class Peer:
    """Something that answers `TARGET`: its base URL and process."""

    name: str
    base: str
    pid: int


def tokens() -> list[str]:
    """An access token for each of the users, valid for a day."""
    now = int(time.time())
    claims = {"type": "access", "org_id": "bench-org", "roles": ["admin"], "iat": now, "exp": now + 86_400}
    return [jwt.encode({**claims, "sub": f"user-{n}"}, SECRET, algorithm="HS256") for n in range(USERS)]


@contextlib.contextmanager
def peers(
    directory: Path, cores: Cores, *names: str, streams: int = 0, sampled: Path | None = None
) -> Iterator[dict[str, Peer]]:
    """The named peers that are installed, each before the same upstream; logs and configuration lie in `directory`.

    The upstream is an nginx, or where there is none a stand-in of our own.

    `streams` is the port of the service with streams and sockets. Only the direct path runs on the load's core. With
    `sampled` the gateway writes down there what it was at; see `sampled`.

    Raises:
        UnreachableError: one did not start.
    """
    with contextlib.ExitStack() as stack:
        names = here(*names)
        upstream, *ports = free_ports(1 + 2 * len(names))
        serving = cores.on_load(*_service(directory, upstream))
        pid = stack.enter_context(running(serving, directory / "upstream.log", port=upstream))
        found = {DIRECT: Peer(DIRECT, f"http://127.0.0.1:{upstream}", pid)}
        for name in names:
            port, second = ports.pop(), ports.pop()
            line, environment = command(name, directory, (port, second), upstream, streams or upstream)
            if name == GATEWAY and sampled is not None:
                line[2:3] = ["loadtests.bench.sampled", str(sampled)]
            pid = stack.enter_context(
                running(cores.on_peer(*line), directory / f"{name}.log", port=port, environment=environment)
            )
            found[name] = Peer(name, f"http://127.0.0.1:{port}", pid)
        yield found


def here(*names: str) -> tuple[str, ...]:
    """Those of the peers that are installed; what is Python's own is everywhere."""
    return tuple(name for name in names if name not in PROGRAMS or program(PROGRAMS[name]))


def command(
    name: str, directory: Path, ports: tuple[int, int], upstream: int, streams: int
) -> tuple[list[str], dict[str, str]]:
    """How an installed peer is started on the first of two ports, and what its environment holds besides."""
    if name == NGINX:
        text = configs.nginx_proxy(directory, ports[0], upstream, root=os.geteuid() == 0)
        return [_found(name), "-c", str(_written(directory / "nginx.conf", text))], {}
    if name == HAPROXY:
        text = configs.haproxy(ports[0], upstream)
        return [_found(name), "-db", "-f", str(_written(directory / "haproxy.cfg", text))], {}
    if name == PLAIN:
        line = [sys.executable, "-m", "uvicorn", "loadtests.bench.plain:app", "--port", str(ports[0])]
        return line, {UPSTREAM: f"http://127.0.0.1:{upstream}"}
    text = configs.gateway(preset(directory), ports=ports, upstream=upstream, streams=streams)
    line = gateway_command(_written(directory / "cutover.yaml", text), directory / "cutover.db")
    return line, {JWT_SECRET: SECRET, INTERNAL_KEY: SECRET, ACCESS_LOG: "1"}


def _service(directory: Path, port: int) -> list[str]:
    nginx = program("nginx")
    if nginx is None:
        return [sys.executable, "-m", "loadtests.bench.stand_in", HEALTHY, str(port)]
    text = configs.nginx_upstream(directory, port, root=os.geteuid() == 0)
    return [nginx, "-c", str(_written(directory / "upstream.conf", text))]


def _found(name: str) -> str:
    path = program(PROGRAMS[name])
    if path is None:
        raise UnreachableError(f"{name} is not installed")
    return path


def gateway_command(config: Path, store: Path) -> list[str]:
    """The shipped process, over a store in which every route stands at the gateway."""
    routes = [route.id for route in load_table(config).routes if route.gateway is not None]
    connection = open_store(store)
    try:
        flags = FlagStore(connection)
        moved = [Flag(route, Stage.GATEWAY, left_shadow=True, by="bench", reason="bench") for route in routes]
        flags.change(moved, expected=flags.snapshot())
    finally:
        connection.close()
    return [sys.executable, "-m", "migrate", "gateway", "--config", str(config), "--store", str(store)]


def preset(directory: Path) -> str:
    """The shipped route table, as `cutover init` writes it."""
    made = directory / "preset.yaml"
    command = [sys.executable, "-m", "migrate", "init", "--preset", "inferia", str(made)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CutoverError(f"cutover init failed: {done.stderr.strip()}")
    return made.read_text()


def _written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
