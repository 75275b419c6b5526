"""One core for what is measured, one for the load; and what a process has cost."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from gateway.core.errors import UnreachableError

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cores:
    """Numbers of two cores: `peer` runs what is measured, `load` the clients and the upstream service."""

    peer: int
    load: int

    def on_peer(self, *command: str) -> list[str]:
        """The command, bound to the measured core."""
        return ["taskset", "-c", str(self.peer), *command]

    def on_load(self, *command: str) -> list[str]:
        """The command, bound to the core of the load."""
        return ["taskset", "-c", str(self.load), *command]


def two_cores() -> Cores:
    """The first two cores that this process may use.

    Raises:
        UnreachableError: there is one only, so that nothing could be told from the load beside it.
    """
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:  # noqa: PLR2004 - one for each side
        raise UnreachableError("a benchmark needs two cores; this process may use one")
    return Cores(allowed[0], allowed[1])


def bind(pid: int, core: int) -> None:
    """Keep a running process, with all its threads, on one core."""
    for task in (_PROC / str(pid) / "task").iterdir():
        os.sched_setaffinity(int(task.name), {core})


def prefer(pid: int) -> None:
    """Let a process and its children run as soon as they can, whatever else their core does (SCHED_FIFO).

    Without the right to ask for it nothing changes: then answer times hold what the load and the service waited too.
    """
    for one in (pid, *descendants(pid)):
        with contextlib.suppress(PermissionError):
            os.sched_setscheduler(one, os.SCHED_FIFO, os.sched_param(1))


def descendants(pid: int) -> list[int]:
    """The children of a process and theirs; none when it is gone."""
    try:
        found = [(task / "children").read_text().split() for task in (_PROC / str(pid) / "task").iterdir()]
    except OSError:
        return []
    own = [int(child) for children in found for child in children]
    return own + [one for child in own for one in descendants(child)]


def cpu_seconds(pid: int) -> float:
    """Processor time that a process and its children have used so far, in steps of 10 ms; 0 when it is gone."""
    return sum(_own_seconds(one) for one in (pid, *descendants(pid)))


def _own_seconds(pid: int) -> float:
    try:
        fields = (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICKS


def resident(pid: int) -> int:
    """Bytes of memory that a process holds and shares with nobody (its proportional set, PSS)."""
    lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
