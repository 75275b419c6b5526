"""Three hosts in network namespaces: one with the legacy port, one outside caller, one allowed source."""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import shutil
import socket
import subprocess
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from migrate.ports.connect import Attempt, attempt, within

if TYPE_CHECKING:
    from collections.abc import Iterator

PORT = 8080
_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


@dataclass(frozen=True)
class Lab:
    """Namespace names, and the legacy host's addresses as the other two reach it."""

    host: str
    outside: str
    allowed: str
    from_outside: tuple[str, str] = ("10.201.0.1", "fd00:201::1")
    from_allowed: tuple[str, str] = ("10.202.0.1", "fd00:202::1")
    allowed_sources: tuple[str, str] = ("10.202.0.2", "fd00:202::2")

    def outcomes(self) -> dict[str, set[str]]:
        """What a connect to the port gives now: from outside, from the allowed source, over loopback."""
        return {
            "outside": {self._try(address, self.outside) for address in self.from_outside},
            "allowed": {self._try(address, self.allowed) for address in self.from_allowed},
            "loopback": {self._try(address, self.host) for address in ("127.0.0.1", "::1", *self.from_outside)},
        }

    def nft(self, *arguments: str, script: str | None = None) -> str:
        """What nft says inside the legacy host."""
        return _run("ip", "netns", "exec", self.host, _program("nft"), *arguments, script=script)

    def run(self, *arguments: str) -> None:
        """Run ip with these arguments."""
        _run("ip", *arguments)

    def _try(self, address: str, netns: str) -> str:
        found: Attempt = attempt(address, PORT, netns=netns)
        return found.outcome


@contextlib.contextmanager
def lab() -> Iterator[Lab]:
    """Three connected namespaces, removed at the end whatever happens; skips where none can be made."""
    _skip_without_rights()
    tag = f"cut{secrets.token_hex(3)}"
    built = Lab(f"{tag}-host", f"{tag}-out", f"{tag}-gw")
    made: list[str] = []
    try:
        for name in (built.host, built.outside, built.allowed):
            _run("ip", "netns", "add", name)
            made.append(name)
            _run("ip", "-n", name, "link", "set", "lo", "up")
        _join(built.host, built.outside, "201")
        _join(built.host, built.allowed, "202")
        yield built
    finally:
        for name in made:
            _run("ip", "netns", "delete", name)


@contextlib.contextmanager
def serving(netns: str, port: int, status: int = 200) -> Iterator[list[str]]:
    """An HTTP server on every address of a namespace; yields the list of paths it was asked for."""
    seen: list[str] = []
    listener = within(netns, lambda: socket.create_server(("::", port), family=socket.AF_INET6, dualstack_ipv6=True))
    server = ThreadingHTTPServer(("", port), functools.partial(_Answer, status, seen), bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.daemon_threads = True
    thread = threading.Thread(target=functools.partial(HTTPServer.serve_forever, server, 0.02))
    thread.start()
    try:
        yield seen
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


class _Answer(BaseHTTPRequestHandler):
    def __init__(self, status: int, seen: list[str], *arguments: object) -> None:
        self._status, self._seen = status, seen
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._seen.append(self.path)
        self.send_response(self._status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _join(host: str, other: str, net: str) -> None:
    near, far = f"v{net}", f"w{net}"
    _run("ip", "-n", host, "link", "add", near, "type", "veth", "peer", "name", far, "netns", other)
    for name, link, last in ((host, near, "1"), (other, far, "2")):
        _run("ip", "-n", name, "addr", "add", f"10.{net}.0.{last}/24", "dev", link)
        _run("ip", "-n", name, "addr", "add", f"fd00:{net}::{last}/64", "dev", link, "nodad")
        _run("ip", "-n", name, "link", "set", link, "up")


def _skip_without_rights() -> None:
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    for name in ("ip", "nft"):
        if shutil.which(name, path=_PATH) is None:
            pytest.skip(f"{name} is not installed")
    probe = f"cut{secrets.token_hex(3)}-probe"
    try:
        _run("ip", "netns", "add", probe)
        _run("ip", "netns", "delete", probe)
    except AssertionError as error:
        pytest.skip(f"this machine makes no network namespaces: {error}")


def _program(name: str) -> str:
    return shutil.which(name, path=_PATH) or name


def _run(name: str, *arguments: str, script: str | None = None) -> str:
    command = [_program(name), *arguments]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr.strip()}"
    return done.stdout
