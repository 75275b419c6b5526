"""How long a start takes: of a server until its first answer, of a command until it has printed its help."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from contextlib import suppress
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gateway.core.errors import UnreachableError
from loadtests.bench.child import free_ports, running
from loadtests.bench.peers import DIRECT, GATEWAY, HAPROXY, NGINX, PLAIN, TARGET, command, here, peers, tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from loadtests.bench.cores import Cores

PYTHON, HELP, UVICORN_HELP = "python", "cutover --help", "uvicorn --help"
COMMANDS: dict[str, list[str]] = {
    PYTHON: [sys.executable, "-c", "pass"],
    UVICORN_HELP: [sys.executable, "-m", "uvicorn", "--help"],
    HELP: [sys.executable, "-m", "migrate", "--help"],
}
"""What ends by itself; an interpreter that does nothing is the least that any of them can take."""
SERVERS = (NGINX, HAPROXY, PLAIN, GATEWAY)
_PAUSE = 0.002
_LIMIT = 20.0


def cold_start(directory: Path, cores: Cores, *, rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Milliseconds that each start took, by name: the median and every round; one start of each goes unmeasured.

    Raises:
        UnreachableError: a server did not answer within twenty seconds, or a command failed.
    """
    servers = here(*SERVERS)
    took: dict[str, list[float]] = {name: [] for name in (*servers, *COMMANDS)}
    with peers(directory, cores) as started:
        prepared = {name: _prepared(name, directory, started[DIRECT].base) for name in servers}
        for number in range(rounds + 1):
            for name, (line, environment, port) in prepared.items():
                log = directory / f"{name}.log"
                took[name].append(_answered(cores.on_peer(*line), environment, port, log))
            for name, line in COMMANDS.items():
                took[name].append(_ended(cores.on_peer(*line)))
            say(f"start {number} of {rounds}: gateway {took[GATEWAY][-1]:.0f} ms")
    measured = {name: values[1:] for name, values in took.items()}
    return {
        "median": {name: median(values) for name, values in measured.items()},
        "gateway_per": {name: _ratio(measured, GATEWAY, name) for name in servers if name != GATEWAY},
        "help_per": {name: _ratio(measured, HELP, name) for name in (PYTHON, UVICORN_HELP)},
        "rounds": measured,
    }


def _ratio(measured: Mapping[str, list[float]], name: str, other: str) -> float:
    return median(one / two for one, two in zip(measured[name], measured[other], strict=True))


def _prepared(name: str, directory: Path, upstream: str) -> tuple[list[str], Mapping[str, str], int]:
    port, second = free_ports(2)
    service = urlsplit(upstream).port or 0
    return *command(name, directory, (port, second), service, service), port


def _answered(line: list[str], environment: Mapping[str, str], port: int, log: Path) -> float:
    """Milliseconds from the start of a program until it has answered 200; it is ended then."""
    token, started = tokens()[0], time.perf_counter()
    with running(line, log, environment=environment):
        while not _ask(port, token):
            if time.perf_counter() - started > _LIMIT:
                tail = log.read_text(errors="replace")[-400:]
                raise UnreachableError(f"{line[3:]} gave no answer within {_LIMIT:g} s:\n{tail}")
            time.sleep(_PAUSE)
        return (time.perf_counter() - started) * 1e3


def _ask(port: int, token: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with suppress(OSError, http.client.HTTPException):
        try:
            connection.request("GET", TARGET, headers={"Authorization": f"Bearer {token}"})
            return connection.getresponse().status == http.client.OK
        finally:
            connection.close()
    return False


def _ended(line: list[str]) -> float:
    started = time.perf_counter()
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnreachableError(f"{' '.join(line[3:])} failed: {done.stderr.strip()[-400:]}")
    return (time.perf_counter() - started) * 1e3
