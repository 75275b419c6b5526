"""A real Chromium without a screen, driven over its DevTools protocol: one page, measured."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from websockets.sync.client import ClientConnection, connect

if TYPE_CHECKING:
    from collections.abc import Iterator

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
)


class Page:
    """The one page of a running browser: `requests` it made, by address, and `complaints` it logged."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._number = 0
        self.requests: list[str] = []
        self.complaints: list[str] = []

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol and its result; events that arrive meanwhile are noted."""
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._socket.recv(timeout=20))
            if message.get("method") == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])
            if message.get("method") in {"Log.entryAdded", "Runtime.exceptionThrown"}:
                self.complaints.append(json.dumps(message["params"]))
            if message.get("id") == self._number:
                result: dict[str, Any] = message["result"]
                return result

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression on the page."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def open(self, url: str, width: int, *, dark: bool) -> None:
        """Load an address at a width, in one of the two themes, and wait until it is complete."""
        for domain in ("Network", "Log", "Runtime"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=url)
        deadline = time.monotonic() + 20
        while self.evaluate("document.readyState + location.href") != "complete" + url:
            assert time.monotonic() < deadline, f"{url} did not load"


@contextmanager
def browser(*flags: str) -> Iterator[Page]:
    """A page of a new browser with an empty profile and further flags; skips the test where there is no Chromium."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed; `make proof` installs it where it may")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program, *_FLAGS, *flags, f"--user-data-dir={profile}", "about:blank"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with connect(_target(Path(profile)), proxy=None, max_size=None) as socket:
                yield Page(socket)
        finally:
            process.terminate()
            process.wait(10)


def _target(profile: Path) -> str:
    """The WebSocket address of the first page, once the browser has written where it listens."""
    from urllib.request import urlopen  # noqa: PLC0415 - only here

    port_file, deadline = profile / "DevToolsActivePort", time.monotonic() + 20
    while not port_file.exists() or not port_file.read_text().strip():
        assert time.monotonic() < deadline, "chromium did not start"
        time.sleep(0.05)
    port = port_file.read_text().splitlines()[0]
    while True:
        with urlopen(f"http://127.0.0.1:{port}/json/list", timeout=10) as answer:
            pages = [one for one in json.load(answer) if one["type"] == "page"]
        if pages:
            address: str = pages[0]["webSocketDebuggerUrl"]
            return address
        assert time.monotonic() < deadline, "chromium opened no page"
