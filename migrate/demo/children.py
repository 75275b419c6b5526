"""Child processes of the demo: real `cutover` commands, started, awaited, stopped."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.core.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_START = 30.0
_SERVER_PORTS = range(10_000, 32_000)
_STOP = 10.0


def free_ports(count: int) -> list[int]:
    """Different loopback ports that nobody listens on now, from below those the kernel gives to clients.

    A port of the kernel's own range may be taken by any outgoing connection before a server gets to bind it.
    """
    found: list[int] = []
    for port in random.sample(_SERVER_PORTS, k=len(_SERVER_PORTS)):
        with socket.socket() as one, suppress(OSError):
            one.bind(("127.0.0.1", port))
            found.append(port)
        if len(found) == count:
            break
    return found


@dataclass
class Child:
    """One long-running command; its output goes to `log`."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End it politely, then firmly; returns when it is gone."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_STOP)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@dataclass
class Children:
    """Every child of one demo, stopped in reverse order."""

    folder: Path
    environment: Mapping[str, str]
    running: list[Child] = field(default_factory=list)

    def start(self, name: str, module: Sequence[str], addresses: Sequence[str]) -> Child:
        """Start `python -m MODULE…` and return when every `host:port` of `addresses` accepts.

        Raises:
            UnreachableError: it ended or did not listen within 30 s; the last line of its log is quoted.
        """
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *module],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **self.environment},
                start_new_session=True,
            )
        child = Child(name, log, process)
        self.running.append(child)
        deadline = time.monotonic() + _START
        while not all(_accepts(address) for address in addresses):
            if process.poll() is not None or time.monotonic() > deadline:
                raise UnreachableError(f"{name} did not start: {_last_line(log)} (whole log: {log})")
            time.sleep(0.05)
        return child

    def stop(self, child: Child) -> None:
        """Stop one child."""
        self.running.remove(child)
        child.stop()

    def stop_all(self) -> None:
        """Stop every child, the last started first."""
        for child in reversed(self.running):
            child.stop()
        self.running.clear()

    def command(self, *arguments: str, timeout: float = 120, columns: int = 118) -> subprocess.CompletedProcess[str]:
        """Run one `cutover` command to its end; its two outputs come back together in order."""
        return subprocess.run(
            [sys.executable, "-m", "migrate", *arguments],
            env={**os.environ, **self.environment, "COLUMNS": str(columns)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )


def _accepts(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=0.2):
            return True
    except OSError:
        return False


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
