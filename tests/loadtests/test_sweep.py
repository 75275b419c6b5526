from __future__ import annotations

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.errors import UnreachableError
from loadtests.account import Session
from loadtests.plan import LoadPlan
from loadtests.prepare import Prepared, prepare
from loadtests.sweep import ask, sweep
from loadtests.things import API_KEY
from loadtests.workload import Workload
from migrate.presets import write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PREFIX = "cutover-load-r1-"


@contextmanager
def answering(
    rows: list[dict[str, Any]], *, status: int = 0, problem: bool = False
) -> Iterator[tuple[str, list[str]]]:
    """A server with these API keys, or one that answers everything with `status`; and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            """Answer one request."""
            asked.append(f"{self.command} {self.path} {self.headers.get('authorization')}")
            body = b"{}"
            if not status and self.command == "GET":
                body = json.dumps(rows if "api-keys" in self.path else _empty(self.path)).encode()
            if not status and self.command == "DELETE":
                rows[:] = [row for row in rows if not self.path.endswith(row["id"])]
            self.send_response(status or 200)
            self.send_header("content-type", "application/problem+json" if problem else "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = do  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _empty(path: str) -> Any:
    return next(({name: []} for name in ("invitations", "pools", "deployments") if name in path.lower()), [])


def prepared(directory: Path, gateway: str, legacy: str, target: str = "gateway") -> Prepared:
    """A run that writes, with all services at one address."""
    config = directory / "cutover.yaml"
    services = ("filtration", "inference", "orchestration", "data", "guardrail", "sidecar")
    write(config, values={f"services.{name}.legacy": legacy for name in services})
    workload = Workload(mix={"api-keys.create": 1.0}, writes=True)
    return prepare(LoadPlan(config, target, hosts={"gateway": gateway}, workload=workload), {})


def test_the_gateway_is_asked_where_it_is_under_load(tmp_path: Path) -> None:
    """What the run left is deleted through the gateway, as the run's account, and others' things stay."""
    rows = [{"name": PREFIX + "1", "id": "k-1", "is_active": True}, {"name": "x", "id": "k-2", "is_active": True}]
    with answering(rows) as (gateway, asked):
        found = sweep(prepared(tmp_path, gateway, "http://127.0.0.1:9"), Session("t", "org"), (), PREFIX)
    assert (found.deleted, found.left, [row["id"] for row in rows]) == (1, (), ["k-2"])
    assert "DELETE /api/v1/api-keys/k-1 Bearer t" in asked


@pytest.mark.parametrize(("status", "problem"), [(502, False), (404, True), (429, True)])
def test_legacy_is_asked_where_the_gateway_only_speaks_of_itself(
    tmp_path: Path, status: int, *, problem: bool
) -> None:
    """A broken gateway, a route it no longer serves and its own limit do not keep things on the platform."""
    rows = [{"name": PREFIX + "1", "id": "k-1", "is_active": True}]
    with answering([], status=status, problem=problem) as (gateway, _), answering(rows) as (legacy, asked):
        found = sweep(prepared(tmp_path, gateway, legacy), Session("t", "org"), (), PREFIX)
    assert (found.deleted, found.left, rows) == (1, (), [])
    assert "DELETE /management/api-keys/k-1 Bearer t" in asked


def test_where_nobody_answers_it_says_so(tmp_path: Path) -> None:
    """Nothing is raised, and nothing is taken for clean."""
    dead = "http://127.0.0.1:9"
    found = sweep(prepared(tmp_path, dead, dead, "legacy"), Session("t", "org"), (), PREFIX)
    assert found.deleted == 0
    assert any("API key is left is not known" in text for text in found.left)
    with pytest.raises(UnreachableError, match="legacy"):
        ask(prepared(tmp_path, dead, dead, "legacy"), Session("t"), API_KEY.create, {"name": "n"})
