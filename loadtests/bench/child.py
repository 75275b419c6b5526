"""A program that runs beside the benchmark until its block ends."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING

from gateway.core.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_START = 20.0
_END = 10.0
_LOOK = 0.02


@contextlib.contextmanager
def running(
    command: list[str], log: Path, *, port: int = 0, environment: Mapping[str, str] | None = None
) -> Iterator[int]:
    """The process id of a program that listens on `port`, if given; its output goes to `log`. Ended with the block.

    Raises:
        UnreachableError: it ended, or did not listen within 20 s.
    """
    with log.open("ab") as sink:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink,
            env={**os.environ, **(environment or {})}, start_new_session=True,
        )  # fmt: skip
    try:
        if port:
            _await_port(process, port, log)
        yield process.pid
    finally:
        _end(process)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for sock in sockets:
            sock.bind(("127.0.0.1", 0))
        return [sock.getsockname()[1] for sock in sockets]


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + _START
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(_LOOK)
    words = process.args if isinstance(process.args, list) else []
    tail = log.read_text(errors="replace")[-800:]
    raise UnreachableError(f"{' '.join(map(str, words[:6]))} does not listen on port {port}:\n{tail}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_END)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
