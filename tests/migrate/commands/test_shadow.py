from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from migrate import presets
from tests.apps.command_line import cutover

if TYPE_CHECKING:
    from pathlib import Path


def test_a_busy_port_is_one_line(tmp_path: Path) -> None:
    """Exit code 4, with the address, before any child is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        presets.write(tmp_path / "cutover.yaml", "inferia", {"services.data.shadow_listen": address})
        done = cutover(tmp_path, "shadow")
    assert done.code == 4
    assert address in done.err
    assert len(done.err.splitlines()) == 1


def test_a_missing_table_is_one_line(tmp_path: Path) -> None:
    """Exit code 3."""
    done = cutover(tmp_path, "shadow")
    assert (done.code, len(done.err.splitlines())) == (3, 1)
