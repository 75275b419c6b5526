"""The denial audit."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from gateway.audit import NAME, Audit, Denial, is_denial
from gateway.core.permissions import Permissions
from gateway.core.routes import Kind, Lookup, Stage
from gateway.flags.flag import Flag, FlagSnapshot
from gateway.flags.store import FlagStore
from gateway.problem import BadRequest, Forbidden, Hidden, NotFound, Problem, Unauthenticated, Unavailable
from gateway.store.database import open_store
from tests.apps.echo import raw, upstream
from tests.apps.gateways import running
from tests.apps.table import bearer, place, route, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.core.table import RouteTable

ROOT = Path(__file__).parents[2]
ROLES = Permissions({"admin": ("*",), "member": ()})
ABSENT = raw(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


class Lines(logging.Handler):
    """What the audit wrote; `hold` keeps its thread in the middle of a line until it is set."""

    def __init__(self) -> None:
        super().__init__()
        self.hold = threading.Event()
        self.hold.set()
        self.busy = threading.Event()
        self.found: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.busy.set()
        self.hold.wait(10)
        self.found.append(json.loads(record.getMessage()))


@contextmanager
def listening() -> Iterator[Lines]:
    """The lines of one test."""
    lines, logger = Lines(), logging.getLogger(NAME)
    level = logger.level
    logger.addHandler(lines)
    logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logger.removeHandler(lines)
        logger.setLevel(level)


def denial(number: int = 0) -> Denial:
    """Some denial."""
    return Denial(f"id-{number}", "GET", "/a", "a", "user-1", "org-1", "10.0.0.1", 403, "permission", "a:read", 1.5)


def known(address: str) -> RouteTable:
    """A route of every sort of refusal."""
    owned = Lookup("things.get", ("org_id",), place("path.id"))
    return table(
        address,
        replace(route("write", "compute", "POST /write", "POST /api/write"), permission="thing:write"),
        route("mine", "compute", "GET /mine", "GET /api/mine", scope=("query.org",)),
        replace(route("things.get", "compute", "GET /t/{id}", "GET /api/t/{id}"), lookups=(owned,)),
        route("invited", "compute", "GET /i/{token}", "GET /api/i/{token}"),
        route("socket", "compute", "GET /s", "GET /api/s", kind=Kind.WEBSOCKET),
        permissions=ROLES,
    )


async def test_every_denial_is_one_line() -> None:
    """401, 403 for a permission and for a place, and a 404 that hides; who, what, whence and why."""
    member = bearer(roles=["member"])
    with listening() as lines:
        async with upstream(ABSENT) as at, running(known(at.address)) as gate:
            asked = {"x-request-id": "asked"}
            assert (await gate.client.post("/api/write?secret=1", headers=asked)).status_code == 401
            assert (await gate.client.post("/api/write", headers=member)).status_code == 403
            assert (await gate.get("/api/mine?org=org-2", headers=member)).status_code == 403
            assert (await gate.get("/api/t/x?secret=1", headers=member)).status_code == 404
            with pytest.raises(InvalidStatus):
                await connect(gate.addresses.public.replace("http", "ws") + "/api/s")
    who = {"subject": "user-1", "organisation": "org-1"}
    expected: list[dict[str, Any]] = [
        {"status": 401, "reason": "missing", "route": "write", "method": "POST", "path": "/api/write"},
        {
            "status": 403,
            "reason": "permission",
            "failed": "thing:write",
            "route": "write",
            "path": "/api/write",
            **who,
        },
        {"status": 403, "reason": "scope", "failed": "query.org", "route": "mine", "path": "/api/mine", **who},
        {"status": 404, "reason": "scope", "failed": "path.id by things.get", "route": "things.get", **who},
        {"status": 401, "reason": "missing", "route": "socket", "path": "/api/s", "method": "GET"},
    ]
    assert len(lines.found) == len(expected)
    for line, wanted in zip(lines.found, expected, strict=True):
        assert wanted.items() <= line.items()
        assert (line["event"], line["client"]) == ("denied", "127.0.0.1")
        assert line["request_id"]
        assert line["at"] > 0
    assert lines.found[0]["request_id"] == "asked"


async def test_no_line_holds_a_secret() -> None:
    """No query, no credential, no secret of a path; an e-mail address only as a fingerprint."""
    with listening() as lines:
        async with upstream() as at, running(known(at.address)) as gate:
            await gate.get(
                "/api/i/invitation-secret?x=query-secret", headers={"Authorization": "Bearer token-secret"}
            )
            await gate.client.post(
                "/api/write", headers=bearer(sub="mail@example.com", roles=[], org_id="o@example.com")
            )
    text = json.dumps(lines.found)
    assert len(lines.found) == 2
    for secret in ("invitation-secret", "query-secret", "token-secret", "@example.com"):
        assert secret not in text
    assert lines.found[1]["subject"].startswith("fp:")
    assert lines.found[1]["organisation"].startswith("fp:")


async def test_what_is_no_denial_has_no_line() -> None:
    """Unknown paths, a service's own refusals, marked copies, and transparent calls."""
    refuses = raw(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    with listening() as lines:
        async with upstream(refuses) as at, running(known(at.address)) as gate:
            assert (await gate.get("/nowhere")).status_code == 404
            assert (await gate.get("/api/mine?org=org-1", headers=bearer())).status_code == 403
            gate.flags = transparent(gate.gateway.context.table)
            await gate.client.post("/api/write")
            assert at.seen[-1].target == "/write"
    assert lines.found == []


def transparent(table: RouteTable) -> FlagSnapshot:
    """Every route rolled back to shadow."""
    return FlagSnapshot(2, "s", {item.id: Flag(item.id, Stage.SHADOW, left_shadow=True) for item in table.routes})


@pytest.mark.parametrize(
    ("problem", "denies"),
    [
        (Unauthenticated("x"), True),
        (Forbidden("x"), True),
        (Hidden(failed="x"), True),
        (NotFound("x"), False),
        (BadRequest("x"), False),
        (Unavailable("x"), False),
        (Problem("x"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_turns_somebody_away(problem: Problem, denies: bool) -> None:  # noqa: FBT001 - a table of cases
    """Refusals of policy, and nothing that merely went wrong."""
    assert is_denial(problem) is denies


def test_nothing_that_was_taken_is_lost_at_the_end() -> None:
    """Closing writes all that waits, in order."""
    with listening() as lines:
        audit = Audit()
        for number in range(2000):
            audit.denied(denial(number))
        audit.close()
        assert [line["request_id"] for line in lines.found] == [f"id-{number}" for number in range(2000)]


def test_what_the_queue_cannot_take_is_counted() -> None:
    """A log that stands still costs no memory beyond the bound, and no request its time."""
    with listening() as lines:
        audit = Audit(capacity=3)
        lines.hold.clear()
        audit.denied(denial())
        assert lines.busy.wait(5)
        for number in range(10):
            audit.denied(denial(number))
        lines.hold.set()
        audit.close()
        assert [line["event"] for line in lines.found] == [*["denied"] * 4, "denials-not-written"]
        assert lines.found[-1]["count"] == 7


def test_it_goes_on_after_a_close() -> None:
    """A late denial is written too."""
    with listening() as lines:
        audit = Audit()
        audit.close()
        audit.denied(denial(1))
        audit.close()
        audit.denied(denial(2))
        audit.close()
        assert [line["request_id"] for line in lines.found] == ["id-1", "id-2"]


CHILD = """
import sys
from pathlib import Path
from gateway.server import run
from tests.apps.table import route, settings, table
known = table("http://127.0.0.1:9", route("get", "compute", "GET /things", "GET /api/things"),
              listen="127.0.0.1:0", internal_listen="127.0.0.1:0")
run(known, settings(), Path(sys.argv[1]))
"""


@pytest.mark.proof
def test_a_stopped_gateway_has_written_every_denial(tmp_path: Path) -> None:
    """On standard error, whole, and with the access log off."""
    store = tmp_path / "cutover.db"
    with closing(open_store(store)) as connection:
        store_flags = FlagStore(connection)
        store_flags.change([Flag("get", Stage.GATEWAY)], expected=store_flags.snapshot())
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(store)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        address = child.stdout.readline().split()[3].rstrip(",")
        with httpx.Client(base_url=address, verify=False) as client:
            for _ in range(50):
                assert client.get("/api/things").status_code == 401
        child.send_signal(signal.SIGTERM)
        _, errors = child.communicate(timeout=20)
    finally:
        child.kill()
        child.communicate()
    written = [json.loads(line) for line in errors.splitlines() if '"denied"' in line]
    assert len(written) == 50
    assert len({line["request_id"] for line in written}) == 50


async def test_a_denial_waits_for_no_log() -> None:
    """While the log stands still, requests are answered."""
    with listening() as lines:
        async with upstream() as at, running(known(at.address)) as gate:
            lines.hold.clear()
            answers = await asyncio.gather(*(gate.client.post("/api/write") for _ in range(20)))
            assert [answer.status_code for answer in answers] == [401] * 20
            assert lines.found == []
            lines.hold.set()
    assert len(lines.found) == 20
