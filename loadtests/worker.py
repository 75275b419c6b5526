"""One worker of a master elsewhere: a locust that follows it until it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.locust_process import LocustProcess
from loadtests.runners import worker_arguments

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping
    from pathlib import Path

_LOOK = 0.1
_GRACE = 10.0


def work(
    master: tuple[str, int],
    config: Path,
    owned: tuple[str, ...],
    environment: Mapping[str, str],
    stop: threading.Event,
    processes: int = 1,
) -> int:
    """Load what the master says until it has had enough, or until `stop` is set; locust's exit code.

    The route table is this machine's own and has to be the master's; hosts that it does not name are loaded only if
    they are owned here.
    """
    variables = {"CUTOVER_CONFIG": str(config), "CUTOVER_LOAD_OWNED": ",".join(owned)}
    inherited = {name: value for name, value in environment.items() if name != "CUTOVER_LOAD_DIRECTORY"}
    child = LocustProcess(worker_arguments(*master, processes), {**inherited, **variables}, log=None)
    try:
        while not child.ended and not stop.wait(_LOOK):
            pass
    finally:
        child.end(_GRACE)
    return child.returncode or 0
