from __future__ import annotations

import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from migrate import presets
from tests.apps.command_line import ENVIRONMENT, cutover

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.proof
def test_the_gateway_runs_until_it_is_told_to_stop(tmp_path: Path) -> None:
    """One ready line, health on the internal listener, exit code 0 after SIGTERM."""
    values = {"gateway.listen": "127.0.0.1:0", "gateway.internal_listen": "127.0.0.1:0"}
    presets.write(tmp_path / "cutover.yaml", "inferia", values)
    with subprocess.Popen(
        [sys.executable, "-m", "migrate", "gateway"], cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdout
        try:
            ready = process.stdout.readline()
            assert httpx.get(ready.split()[-1] + "/health").status_code == 200
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_a_busy_port_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 4, with the address."""
    for name in ("CUTOVER_JWT_SECRET", "CUTOVER_INTERNAL_KEY"):
        monkeypatch.setenv(name, ENVIRONMENT[name])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        presets.write(tmp_path / "cutover.yaml", "inferia", {"gateway.listen": address})
        done = cutover(tmp_path, "gateway")
    assert done.code == 4
    assert address in done.err
    assert len(done.err.splitlines()) == 1


def test_missing_secrets_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 3."""
    monkeypatch.delenv("CUTOVER_JWT_SECRET", raising=False)
    presets.write(tmp_path / "cutover.yaml")
    done = cutover(tmp_path, "gateway")
    assert (done.code, len(done.err.splitlines())) == (3, 1)
    assert "CUTOVER_JWT_SECRET is not set" in done.err
