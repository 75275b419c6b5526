"""Several processes as one: started together, stopped together."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING

from gateway.core.errors import ConfigError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

_LOOK = 0.05
_PATIENCE = 30.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def run_together(
    commands: Mapping[str, Sequence[str]], patience: float = _PATIENCE, *, reloading: Collection[str] = ()
) -> None:
    """Run named commands until SIGINT, SIGTERM or SIGHUP; their output is passed on as it is.

    The children get SIGTERM and `patience` seconds to finish. With `reloading` SIGHUP is passed on to the children
    of these names and stops nothing, unless it says that the terminal is gone.

    Raises:
        ConfigError: a child ended by itself with exit code 3; the others were stopped.
        UnreachableError: a child ended by itself otherwise; the others were stopped.
    """
    stop = threading.Event()
    children: dict[str, subprocess.Popen[bytes]] = {}
    terminal = os.isatty(0)

    def hang_up() -> None:
        if not reloading or (terminal and not os.isatty(0)):
            stop.set()
        for name in reloading:
            if name in children:
                children[name].send_signal(signal.SIGHUP)

    before = {number: signal.signal(number, lambda *_: stop.set()) for number in _SIGNALS}
    before[signal.SIGHUP] = signal.signal(signal.SIGHUP, lambda *_: hang_up())
    try:
        for name, command in commands.items():
            # In a session of its own a child gets no Ctrl-C of the terminal, only our SIGTERM: one signal, one stop.
            children[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        ended = _first_to_end(children, stop)
    finally:
        _stop(children, patience)
        for number, handler in before.items():
            signal.signal(number, handler)
    if ended:
        kind = ConfigError if children[ended].returncode == ConfigError.exit_code else UnreachableError
        others = ", ".join(name for name in children if name != ended)
        raise kind(f"{ended} {_how(children[ended].returncode)}; {others or 'nothing else'} was stopped too")


def _first_to_end(children: Mapping[str, subprocess.Popen[bytes]], stop: threading.Event) -> str | None:
    while not stop.wait(_LOOK):
        for name, child in children.items():
            if child.poll() is not None:
                return name
    return None


def _stop(children: Mapping[str, subprocess.Popen[bytes]], patience: float) -> None:
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + patience
    for child in children.values():
        try:
            child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _how(code: int) -> str:
    return f"ended by itself with exit code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}"
