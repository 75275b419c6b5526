"""A small good route table as text, and what is wrong with a changed one."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.config import load_table, problems

if TYPE_CHECKING:
    from gateway.core.table import RouteTable

GOOD = """\
version: 1
platform: demo
gateway:
  listen: 127.0.0.1:8800
services:
  main:
    legacy: http://127.0.0.1:8000
    authorization: forward
    shadow_listen: 127.0.0.1:18000
  side:
    legacy: http://127.0.0.1:3000
    authorization: strip
    shadow_listen: 127.0.0.1:13000
limits:
  read: {rate: 10}
  write: {rate: 5}
routes:
  - id: pools.list
    service: main
    legacy: GET /listPools/{owner_id}
    gateway: GET /api/v1/pools
    effect: read
    access: jwt
    moves: [{legacy: path.owner_id, gateway: query.owner_id}]
  - id: pools.delete
    service: main
    legacy: POST /deletepool/{id}
    aliases: POST /dropPool/{id}
    gateway: DELETE /api/v1/pools/{id}
    effect: write
    access: jwt
  - id: logs.socket
    service: side
    legacy: GET /nosana
    aliases: ["GET /{path*}"]
    gateway: GET /api/v1/pools/{id}
    kind: websocket
    effect: read
    access: jwt
  - id: nodes.beat
    service: main
    legacy: POST /beat
    effect: write
    access: internal
changes:
  - id: token
    routes: [pools.*]
    from: {status: 500}
    to: {status: 401}
    reason: legacy means 401
"""


def written(text: str) -> Path:
    """The text in a file of its own."""
    path = Path(tempfile.mkdtemp()) / "cutover.yaml"
    path.write_text(text)
    return path


def told(text: str, environment: dict[str, str] | None = None) -> list[str]:
    """Problems as `line: message; mend`."""
    found = problems(written(text), environment or {})
    return [f"{item.line}: {item.message}; {item.mend}" for item in found]


def changed(old: str, new: str) -> list[str]:
    """Problems of the good table with one piece of text replaced."""
    assert GOOD.count(old) >= 1, old
    return told(GOOD.replace(old, new, 1))


def table(text: str = GOOD, environment: dict[str, str] | None = None) -> RouteTable:
    """The table of a text."""
    return load_table(written(text), environment or {})
