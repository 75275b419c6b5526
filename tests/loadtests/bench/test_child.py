from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import UnreachableError
from loadtests.bench.child import free_ports, running

if TYPE_CHECKING:
    from pathlib import Path


def test_a_program_runs_until_the_block_ends(tmp_path: Path) -> None:
    """The block begins when the port answers; afterwards the process is gone."""
    (port,) = free_ports(1)
    log = tmp_path / "log"
    with running([sys.executable, "-m", "http.server", str(port), "-b", "127.0.0.1"], log, port=port) as pid:
        socket.create_connection(("127.0.0.1", port), 5).close()
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_program_that_ends_is_told_with_its_words(tmp_path: Path) -> None:
    """What a program said before it ended stands in the error."""
    command = [sys.executable, "-c", "import os, sys; sys.exit(os.environ['WHY'])"]
    with (
        pytest.raises(UnreachableError, match="no such luck"),
        running(command, tmp_path / "log", port=1, environment={"WHY": "no such luck"}),
    ):
        pass


def test_free_ports_are_all_different() -> None:
    """No port is given out twice."""
    assert len(set(free_ports(20))) == 20
