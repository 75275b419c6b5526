"""The servers that candidates are measured under."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from loadtests.bench.candidates.pass_through import TRANSPORT, UPSTREAM
from loadtests.bench.candidates.serve import SERVERS
from loadtests.bench.child import free_ports, running
from tests.apps.echo import upstream

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.proof


@pytest.mark.parametrize("server", SERVERS)
async def test_each_server_passes_on(tmp_path: Path, server: str) -> None:
    """The pass-through answers under each server, and the server ends when it is told to."""
    (port,) = free_ports(1)
    command = [sys.executable, "-m", "loadtests.bench.candidates.serve", server, str(port)]
    async with upstream() as up:
        environment = {UPSTREAM: up.address, TRANSPORT: "own"}
        with running(command, tmp_path / "log", port=port, environment=environment):
            async with httpx.AsyncClient() as client:
                answer = await client.get(f"http://127.0.0.1:{port}/a?b")
    assert answer.json()["target"] == "/a?b"
