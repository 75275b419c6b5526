"""How locust runs: headless or with its web page, alone, with worker processes, or as a master of others."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import closing
from dataclasses import dataclass

from gateway.core.errors import UsageError

PORT = 5557
"""Where a master listens for workers of other machines."""
LOCAL = {"localhost", "127.0.0.1", "::1"}
_LAST_PORT = 65_535
_WAIT = 300
"""Seconds that a master waits for its workers."""


@dataclass(frozen=True, slots=True)
class Runners:
    """`processes` are workers on this machine; `workers` name the machines of others, or this one.

    `expect` more workers are waited for, whoever starts them. `web_port` opens locust's web page.

    Raises:
        UsageError: a number makes no sense, or both kinds of workers are asked for.
    """

    processes: int = 0
    workers: tuple[str, ...] = ()
    expect: int = 0
    bind: str = ""
    port: int = PORT
    web_port: int | None = None
    web_host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        for option, port in (("--master-port", self.port), ("--web-port", self.web_port)):
            if port is not None and not 0 < port <= _LAST_PORT:
                raise UsageError(f"{option} {port}: a port is 1 to {_LAST_PORT}")
        if self.processes < 0 or self.expect < 0:
            raise UsageError("--processes and --expect-workers are not negative")
        if self.processes and self.leads:
            raise UsageError("--processes makes workers here, --workers and --expect-workers wait for others")

    @property
    def leads(self) -> bool:
        """Whether locust is the master of workers that it does not fork itself."""
        return bool(self.workers or self.expect)

    @property
    def awaited(self) -> int:
        """How many workers have to be there before the load begins."""
        return max(self.processes, self.expect, len(self.workers))

    @property
    def here(self) -> int:
        """How many workers are started on this machine beside the master."""
        return sum(host in LOCAL for host in self.workers)

    @property
    def elsewhere(self) -> tuple[str, ...]:
        """Other machines, on which somebody has to start a worker."""
        return tuple(host for host in self.workers if host not in LOCAL)

    def arguments(self) -> list[str]:
        """Locust's own options for it."""
        shown = ["--headless"] if self.web_port is None else self._page()
        if self.processes:
            port = str(_free_port())
            meet = ["--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port]
            return [*shown, "--processes", str(self.processes), *meet]
        if self.leads:
            meet = ["--master-bind-host", self.meeting, "--master-bind-port", str(self.port)]
            wait = ["--expect-workers", str(self.awaited), "--expect-workers-max-wait", str(_WAIT)]
            return [*shown, "--master", *meet, *wait]
        return shown

    @property
    def meeting(self) -> str:
        """The address at which a master waits: open to the network only when somebody comes from there."""
        return self.bind or ("*" if self.elsewhere or self.expect > self.here else "127.0.0.1")

    @property
    def patience(self) -> float:
        """Seconds that may pass before the load begins, beyond what starting locust takes."""
        return float(_WAIT) if self.leads else 0.0

    def _page(self) -> list[str]:
        return ["--autostart", "--autoquit", "1", "--web-host", self.web_host, "--web-port", str(self.web_port)]


def refuse_taken(runners: Runners) -> None:
    """Bind each port that locust is going to listen on once, and let it go.

    Raises:
        UsageError: one is taken or not allowed, or its address is none of this machine.
    """
    wanted = [("--master-port", runners.meeting, runners.port)] if runners.leads else []
    if runners.web_port is not None:
        wanted.append(("--web-port", runners.web_host, runners.web_port))
    for option, host, port in wanted:
        address = "" if host == "*" else host
        try:
            with socket.create_server((address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET):
                pass
        except OSError as error:
            why = os.strerror(error.errno or errno.EADDRINUSE)
            raise UsageError(f"{option} {port}: cannot listen on {host}:{port} ({why}); name another") from None


def worker_arguments(host: str, port: int, processes: int = 0) -> list[str]:
    """Locust's options for a worker of that master, or for several."""
    several = ["--processes", str(processes)] if processes > 1 else []
    return ["--worker", "--master-host", host, "--master-port", str(port), *several]


def master_address(text: str) -> tuple[str, int]:
    """`HOST` or `HOST:PORT` of a master.

    Raises:
        UsageError: the port is no number.
    """
    if text.count(":") != 1:  # a name alone, or an IPv6 address
        return text, PORT
    host, _, port = text.partition(":")
    if not host or not port.isdecimal():
        raise UsageError(f"--master {text}: write HOST or HOST:PORT")
    return host, int(port)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
        return found
