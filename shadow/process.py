"""`cutover shadow`: mitmdump and the mirror worker as children of one process."""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.config import load_table
from gateway.config.certificate import check_pair
from gateway.core.errors import CutoverError, UnreachableError
from gateway.store.database import open_store, secret_key
from shadow.children import READY, Child, with_packages
from shadow.modes import host_port, listeners, listening, mode, proxy_mode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.core.listening import Tls
    from gateway.core.table import RouteTable

_START = 30.0
FOREIGN = "is not our gateway: writes and metered routes are not copied, requests upstream not compared"
_OPTIONS = (
    "connection_strategy=lazy",  # a dead service is answered for, not hung up on
    "keep_host_header=true",  # services build redirects from it
    "keep_alt_svc_header=true",
    "block_global=false",  # clients may come from anywhere; the listener's address is the operator's choice
    "onboarding=false",
    "http2=false",
    "websocket=false",  # sockets pass as bytes: no frame is parsed, changed or kept
    "rawtcp=true",
    "tcp_timeout=86400",  # a log socket may be silent for hours
    "upstream_cert=false",
)


@dataclass(frozen=True)
class Shadow:
    """A running shadow: the listener's base URL by service, and the process that holds the children."""

    urls: Mapping[str, str]
    pid: int


def run(config: Path, store: Path) -> None:
    """Run until SIGTERM or SIGINT; prints one ready line when every listener accepts.

    Raises:
        ConfigError: the table or the store is not usable.
        UnreachableError: a listener's address is taken, or mitmdump does not start.
    """
    table = load_table(config)
    open_store(store).close()
    secret_key(store.parent, "fingerprint")
    secret_key(store.parent, "mark")
    if table.mirroring.tls.certificate:
        check_pair(table.mirroring.tls, "shadow: tls")
    _require_free(table)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    lifeline, ours = os.pipe()
    with tempfile.TemporaryDirectory(prefix="cutover-shadow-") as directory, os.fdopen(ours, "wb"):
        _supervise(table, (config, store, Path(directory)), lifeline, stop)
    os.close(lifeline)


def _supervise(table: RouteTable, places: tuple[Path, Path, Path], lifeline: int, stop: threading.Event) -> None:
    proxy = Child(
        _proxy_arguments(table, *places), os.environ, lifeline, "the proxy, without which nobody is served,"
    )
    worker = Child(_worker_arguments(*places), os.environ, lifeline, "the worker, without which nothing is copied,")
    try:
        if _await_ready(table, proxy, worker, stop):
            sys.stdout.write(f"shadow ready: {_listeners(table)}\n")
            sys.stdout.flush()
        while not stop.wait(0.1):
            proxy.tend()
            worker.tend()
    finally:
        # The proxy first: its last counts reach the worker, which then writes them.
        proxy.stop(1.5)
        worker.stop(3.0)


def _proxy_arguments(table: RouteTable, config: Path, store: Path, directory: Path) -> list[str]:
    # mitmdump puts the script's folder on the import path and reloads the script when it changes: so a stub.
    script = directory / "entry.py"
    script.write_text(
        "from shadow.addon import addons\nfrom shadow.lifeline import end_with_parent\n\nend_with_parent()\n"
    )
    ours = (f"cutover_config={config}", f"cutover_store={store}", f"cutover_channel={_channel(directory)}")
    arguments = [str(Path(sys.executable).parent / "mitmdump"), "-q", "-s", str(script)]
    for option in (f"confdir={directory}", *_OPTIONS, *ours):
        arguments += ["--set", option]
    for each in [*(mode(service) for service in listening(table)), proxy_mode(table)]:
        arguments += ["--mode", each] if each else []
    if table.mirroring.tls.certificate:
        arguments += ["--set", f"certs=*={_one_file(table.mirroring.tls, directory)}"]
    return arguments


def _one_file(tls: Tls, directory: Path) -> Path:
    """Key and chain as mitmproxy wants them, in the private folder that goes when the shadow does."""
    path = directory / "listener.pem"
    path.touch(0o600)
    path.write_bytes(Path(tls.key).read_bytes() + b"\n" + Path(tls.certificate).read_bytes())
    return path


def _worker_arguments(config: Path, store: Path, directory: Path) -> list[str]:
    channel = str(_channel(directory))
    return [
        sys.executable, "-m", "shadow.worker", "--config", str(config), "--store", str(store), "--channel", channel,
    ]  # fmt: skip


def _channel(directory: Path) -> Path:
    return directory / "copies.sock"


def _require_free(table: RouteTable) -> None:
    for whose, address in listeners(table):
        host, port = host_port(address)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise UnreachableError(
                    f"{whose}: cannot listen on {address}: {error.strerror};"
                    f" free the port or change {'proxy_listen' if whose == 'shadow' else 'shadow_listen'}"
                ) from None


def _await_ready(table: RouteTable, proxy: Child, worker: Child, stop: threading.Event) -> bool:
    deadline = time.monotonic() + _START
    waiting = [host_port(address) for _, address in listeners(table)]
    while not stop.wait(0.05):
        waiting = [address for address in waiting if not _accepts(address)]
        if not waiting and READY.strip() in worker.lines:
            return True
        if not proxy.alive or time.monotonic() > deadline:
            said = "; ".join([*proxy.lines, *worker.lines]) or "without a word"
            raise UnreachableError(f"the shadow's proxy did not start: {said}")
        worker.tend()
    return False


def _accepts(address: tuple[str, int]) -> bool:
    with suppress(OSError), socket.create_connection(address, timeout=0.2):
        return True
    return False


def _listeners(table: RouteTable) -> str:
    proxy = table.mirroring.proxy_listen
    each = [f"{name} {url}" for name, url in _urls(table)]
    each += [f"proxy http://{proxy}"] if proxy else []
    candidate = table.mirroring.candidate
    return ", ".join(each) + (f"; candidate {candidate} {FOREIGN}" if candidate else "")


def _urls(table: RouteTable) -> list[tuple[str, str]]:
    scheme = "https" if table.mirroring.tls.certificate else "http"
    return [(service.name, f"{scheme}://{service.shadow_listen}") for service in listening(table)]


@contextmanager
def running(config: Path, store: Path, environment: Mapping[str, str] | None = None) -> Iterator[Shadow]:
    """A shadow in processes of its own, ready when the block begins and gone when it ends.

    Raises:
        ConfigError: the table is not usable.
        UnreachableError: it did not become ready; its last lines are in the message.
    """
    table = load_table(config, {**os.environ, **(environment or {})})
    process = subprocess.Popen(
        [sys.executable, "-m", "shadow.process", "--config", str(config), "--store", str(store)],
        env=with_packages({**os.environ, **(environment or {})}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    try:
        line = process.stdout.readline()
        if not line.startswith("shadow ready"):
            raise UnreachableError(line.strip() or "the shadow did not start; see its error output")
        # Its listeners stand; who called for the shadow gets the rest of its words on stderr.
        yield Shadow(dict(_urls(table)), process.pid)
    finally:
        process.terminate()
        try:
            process.wait(8)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of `python -m shadow.process`."""
    parser = argparse.ArgumentParser(prog="cutover shadow")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--store", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        run(options.config, options.store)
    except CutoverError as error:
        sys.stdout.write(f"cutover: {error}\n")
        sys.stdout.flush()
        raise SystemExit(error.exit_code) from None


if __name__ == "__main__":
    main()
