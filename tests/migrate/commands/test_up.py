from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from migrate import presets
from migrate.demo.children import free_ports
from tests.apps.command_line import ENVIRONMENT

if TYPE_CHECKING:
    from pathlib import Path

COMMAND = [sys.executable, "-m", "migrate", "up"]


def prepared(folder: Path) -> list[int]:
    """A table in which every listener has a free port; the ports."""
    names = ["filtration", "inference", "orchestration", "data", "guardrail", "sidecar"]
    ports = free_ports(len(names) + 2)
    values = {
        f"services.{name}.shadow_listen": f"127.0.0.1:{port}" for name, port in zip(names, ports[2:], strict=True)
    }
    values |= {"gateway.listen": f"127.0.0.1:{ports[0]}", "gateway.internal_listen": f"127.0.0.1:{ports[1]}"}
    presets.write(folder / "cutover.yaml", "inferia", values)
    return ports


def up(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        COMMAND, cwd=folder, capture_output=True, text=True, env=ENVIRONMENT, timeout=50, check=False
    )


def accepts(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_gateway_and_shadow_run_together_and_stop_together(tmp_path: Path) -> None:
    """Both say that they are ready; after SIGTERM both are gone and the exit code is 0."""
    ports = prepared(tmp_path)
    with subprocess.Popen(COMMAND, cwd=tmp_path, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        assert process.stdout
        try:
            ready = sorted(process.stdout.readline().split()[0] for _ in range(2))
            assert ready == ["gateway", "shadow"]
            assert all(accepts(port) for port in ports)
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    deadline = time.monotonic() + 10
    while any(accepts(port) for port in ports):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.proof
def test_when_one_cannot_start_the_other_is_stopped(tmp_path: Path) -> None:
    """The line of the one that failed, then which one it was; exit code 4, nothing is left running."""
    ports = prepared(tmp_path)
    with socket.create_server(("127.0.0.1", ports[0])):
        done = subprocess.run(
            COMMAND, cwd=tmp_path, capture_output=True, text=True, env=ENVIRONMENT, timeout=50, check=False
        )
    assert done.returncode == 4
    assert f"127.0.0.1:{ports[0]}" in done.stderr
    assert "gateway ended by itself with exit code 4; shadow was stopped too" in done.stderr
    assert "Traceback" not in done.stderr
    assert not any(accepts(port) for port in ports)


@pytest.mark.proof
def test_a_bad_table_starts_nothing(tmp_path: Path) -> None:
    """Each problem once, not once for each process."""
    (tmp_path / "cutover.yaml").write_text("version: 9\n")
    done = subprocess.run(
        COMMAND, cwd=tmp_path, capture_output=True, text=True, env=ENVIRONMENT, timeout=50, check=False
    )
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1)
    assert not (tmp_path / ".cutover").exists()
