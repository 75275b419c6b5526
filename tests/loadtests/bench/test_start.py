from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import UnreachableError
from loadtests.bench import start
from loadtests.bench.child import free_ports

if TYPE_CHECKING:
    from pathlib import Path


def test_a_command_takes_until_its_end() -> None:
    """Milliseconds; a command that fails is no quick one."""
    assert 50 < start._ended([sys.executable, "-c", "import time; time.sleep(0.05)"]) < 20_000
    with pytest.raises(UnreachableError, match="not so"):
        start._ended(["sh", "-c", "echo not so >&2; exit 1"])


def test_a_server_takes_until_its_first_answer(tmp_path: Path) -> None:
    """Not until its port is open, but until a 200 is there; one that never says it is told with its last words."""
    (port,) = free_ports(1)
    code = (
        "import sys, time, http.server as h\n"
        "class H(h.BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200 if time.monotonic() > began + 0.3 else 503)\n"
        "        self.end_headers()\n"
        "began = time.monotonic()\n"
        f"h.HTTPServer(('127.0.0.1', {port}), H).serve_forever()\n"
    )
    took = start._answered([sys.executable, "-c", code], {}, port, tmp_path / "log")
    assert 300 < took < 15_000


def test_a_server_that_does_not_answer_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Within a time, with what it wrote."""
    monkeypatch.setattr(start, "_LIMIT", 0.2)
    (port,) = free_ports(1)
    with pytest.raises(UnreachableError, match="gave no answer"):
        start._answered(["sleep", "30"], {}, port, tmp_path / "log")
