"""A small platform for load tests: a sign-in, a few reads, faults and delays on demand; the gateway beside it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pyotp
import uvicorn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CREDENTIALS = {
    "CUTOVER_LOAD_USERNAME": "load@example.com",
    "CUTOVER_LOAD_PASSWORD": "correct horse",
    "CUTOVER_LOAD_TOTP_SECRET": TOTP,
}

TABLE = """\
version: 1
platform: small
gateway:
  listen: 127.0.0.1:8800
  public_url: http://127.0.0.1:{port}
limits:
  read: {{rate: 1000}}
  write: {{rate: 100}}
services:
  filtration: {{legacy: "http://127.0.0.1:{port}", authorization: forward, shadow_listen: "127.0.0.1:18000"}}
  orchestration: {{legacy: "http://127.0.0.1:{port}", authorization: strip, shadow_listen: "127.0.0.1:18080"}}
routes:
"""


ROUTES = {
    "auth.login": ("filtration", "POST /auth/login", "POST /api/v1/auth/login", "write", "public"),
    "status.health": ("filtration", "GET /health", "GET /api/v1/health", "read", "public"),
    "auth.me": ("filtration", "GET /auth/me", "GET /api/v1/auth/me", "read", "jwt"),
    "keys.list": ("filtration", "GET /management/api-keys", "GET /api/v1/api-keys", "read", "jwt"),
    "deployments.list": ("orchestration", "GET /deployment/deployments", "GET /api/v1/deployments", "read", "jwt"),
    "deployments.get": (
        "orchestration", "GET /deployment/status/{id}", "GET /api/v1/deployments/{id}", "read", "jwt",
    ),
    "pools.list": ("orchestration", "GET /deployment/listPools/{org}", "GET /api/v1/pools", "read", "jwt"),
}  # fmt: skip
MOVES = {"pools.list": [{"legacy": "path.org", "gateway": "query.org"}]}


def table(port: int) -> str:
    """The route table of a target on this port."""
    names = ("service", "legacy", "gateway", "effect", "access")
    lines = [
        {"id": route, **dict(zip(names, values, strict=True)), "moves": MOVES.get(route, [])}
        for route, values in ROUTES.items()
    ]
    return TABLE.format(port=port) + "".join(f"  - {json.dumps(line)}\n" for line in lines)


@dataclass
class Behaviour:
    """What goes wrong, by path prefix: every n-th fails, every one is late, one is redirected; until when all hang.

    `one_at_a_time` are the seconds for which a request has the target for itself. And what was seen.
    """

    fail_every: dict[str, int] = field(default_factory=dict)
    delay: dict[str, float] = field(default_factory=dict)
    seen: Counter[str] = field(default_factory=Counter)
    arrivals: list[str] = field(default_factory=list)
    redirect: str = ""
    stalled_until: float = 0.0
    one_at_a_time: float = 0.0
    sign_ins: int = 0
    credentials: dict[str, set[str]] = field(default_factory=dict)
    in_flight: int = 0
    most_in_flight: int = 0


@dataclass(frozen=True)
class Target:
    """A running target: its table file, its port, and what it does."""

    config: Path
    port: int
    behaviour: Behaviour


def token(lifetime: float = 1800) -> str:
    """A JWT-shaped token; nobody here checks its signature."""
    claims = {"sub": "u-1", "org_id": "org-1", "exp": int(time.time() + lifetime)}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({}, claims, {})]
    return ".".join(parts)


@contextlib.contextmanager
def running(directory: Path, behaviour: Behaviour | None = None) -> Iterator[Target]:
    """The target on a free port, with its `cutover.yaml` in the directory."""
    behaviour = behaviour or Behaviour()
    config = uvicorn.Config(
        _App(behaviour), host="127.0.0.1", port=0, log_level="critical", lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    file = directory / "cutover.yaml"
    file.write_text(table(port))
    try:
        yield Target(file, port, behaviour)
    finally:
        server.should_exit = True
        thread.join(10)


class _App:
    def __init__(self, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._place = asyncio.Lock()
        self._token = token()

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        path, headers = scope["path"], dict(scope["headers"])
        self._behaviour.seen[path] += 1
        self._behaviour.arrivals.append(path)
        self._behaviour.credentials.setdefault(path, set()).add(headers.get(b"authorization", b"").decode())
        self._behaviour.in_flight += 1
        self._behaviour.most_in_flight = max(self._behaviour.most_in_flight, self._behaviour.in_flight)
        body = b""
        if scope["method"] == "POST":
            body = (await receive())["body"]
        await asyncio.sleep(max(0.0, self._behaviour.stalled_until - time.monotonic()))
        if self._behaviour.one_at_a_time:
            async with self._place:
                await asyncio.sleep(self._behaviour.one_at_a_time)
        for prefix, seconds in self._behaviour.delay.items():
            if path.startswith(prefix):
                await asyncio.sleep(seconds)
        status, document = self._answer(path, scope["query_string"].decode(), headers, body)
        self._behaviour.in_flight -= 1
        content = json.dumps(document).encode()
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [
                    (b"content-type", b"application/json"),
                    (b"content-length", str(len(content)).encode()),
                    (b"location", b"/elsewhere"),
                ],
            }
        )
        await send({"type": "http.response.body", "body": content})

    def _answer(self, path: str, query: str, headers: dict[bytes, bytes], body: bytes) -> tuple[int, Any]:
        for prefix, every in self._behaviour.fail_every.items():
            if path.startswith(prefix) and self._behaviour.seen[path] % every == 0:
                return 503, {"detail": "seeded fault"}
        if self._behaviour.redirect and path.startswith(self._behaviour.redirect):
            return 307, {}
        if path.endswith("/health"):
            return 200, {"status": "healthy"}
        if path.endswith("/auth/login"):
            return self._sign_in(json.loads(body))
        return self._read(path, query, headers)

    def _read(self, path: str, query: str, headers: dict[bytes, bytes]) -> tuple[int, Any]:
        if headers.get(b"authorization") != f"Bearer {self._token}".encode():
            return 401, {"detail": "no"}
        plain = path.removeprefix("/api/v1").removeprefix("/management").removeprefix("/deployment/")
        if plain in {"/deployments", "deployments"}:
            return 200, {"deployments": [{"deployment_id": "d-1"}, {"deployment_id": "d-2"}]}
        if plain in {"/pools", "listPools/org-1", "listPools/health-check"}:
            wanted = parse_qs(query).get("org", ["org-1"])[0]
            return (200, {"pools": []}) if wanted in {"org-1", "health-check"} else (400, {"detail": wanted})
        known = {"/auth/me", "/api-keys", "status/d-1", "status/d-2", "/deployments/d-1", "/deployments/d-2"}
        return (200, {}) if plain in known else (404, {"detail": path})

    def _sign_in(self, document: dict[str, str]) -> tuple[int, Any]:
        self._behaviour.sign_ins += 1
        if self._behaviour.sign_ins > 5:  # what the platform allows a minute
            return 429, {"detail": "Too many login attempts"}
        if document["password"] != CREDENTIALS["CUTOVER_LOAD_PASSWORD"]:
            return 401, {"detail": "Incorrect username or password"}
        if "totp_code" not in document:
            return 403, {"detail": "TOTP_REQUIRED"}
        if not pyotp.TOTP(TOTP).verify(document["totp_code"], valid_window=1):
            return 401, {"detail": "Invalid 2FA Code"}
        return 200, {"access_token": self._token, "token_type": "bearer", "expires_in": 1800}
