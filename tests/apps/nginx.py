"""A gateway that is not ours: nginx, passing /api/v1/ on."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CONFIG = """\
daemon off; master_process off; pid {folder}/pid; error_log {folder}/log;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port};
    location /api/v1/ {{ proxy_pass http://{upstream}/; proxy_set_header Host $http_host; }}
    {more}
  }}
}}
"""


@contextmanager
def nginx(folder: Path, port: int, upstream: str, more: str = "") -> Iterator[None]:
    """Run it in a new folder before the service at `upstream`; `more` is further configuration of its server."""
    program = shutil.which("nginx")
    if program is None:
        pytest.skip("nginx is not installed")
    folder.mkdir()
    (folder / "conf").write_text(_CONFIG.format(folder=folder, port=port, upstream=upstream, more=more))
    process = subprocess.Popen([program, "-c", str(folder / "conf"), "-p", str(folder)], stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 20
        while not _accepts(port):
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
