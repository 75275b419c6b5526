from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import UnreachableError
from migrate.demo.children import Children, free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def children(tmp_path: Path) -> Iterator[Children]:
    """Children whose logs go to a temporary folder."""
    made = Children(tmp_path, {"PYTHONUNBUFFERED": "1"})
    yield made
    made.stop_all()


def test_free_ports_are_different_and_free() -> None:
    """Nobody listens on any of them."""
    ports = free_ports(20)
    assert len(set(ports)) == 20
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_child_is_awaited_until_it_accepts(children: Children) -> None:
    """Start returns when the address accepts; stop leaves nobody listening."""
    (port,) = free_ports(1)
    child = children.start("server", ["http.server", "--bind", "127.0.0.1", str(port)], [f"127.0.0.1:{port}"])
    with socket.create_connection(("127.0.0.1", port), timeout=2):
        pass
    children.stop(child)
    assert child.process.poll() is not None
    assert children.running == []


def test_a_child_that_ends_is_quoted(children: Children) -> None:
    """The error holds the last line it said and where the rest is."""
    (port,) = free_ports(1)
    with pytest.raises(UnreachableError, match=r"nothing did not start: .*no_such_module.*nothing\.log"):
        children.start("nothing", ["no_such_module"], [f"127.0.0.1:{port}"])


@pytest.mark.proof
def test_a_command_gives_back_what_it_said(children: Children) -> None:
    """Both outputs and the exit code come back."""
    done = children.command("nonsense")
    assert done.returncode == 2
    assert "nonsense" in done.stdout
