"""A real shadow and real gateway in front of one raw service, sharing a store; routes flip between the two paths."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.flags.store import FlagStore
from gateway.store.database import open_store
from tests.apps.oddities import Oddities, value
from tests.apps.rawclient import Answer, RawClient
from tests.apps.shadowed import Rig, free_port, shadowed
from tests.apps.table import INTERNAL_KEY, JWT_SECRET, token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from gateway.core.routes import Stage

ROUTES = """\
  - {id: items.create, service: svc, legacy: POST /items, gateway: POST /api/v1/items, effect: write, access: jwt,
     timeouts: {first_byte: 20s}}
  - {id: items.move, service: svc, legacy: POST /items/move, gateway: "POST /api/v1/items/{id}/move", effect: write,
     access: jwt, aliases: [POST /items/shift], moves: [{legacy: body.item_id, gateway: path.id}]}
  - {id: items.count, service: svc, legacy: POST /count, gateway: POST /api/v1/count, effect: write, access: jwt}
"""
LEASE = 3


@dataclass
class Flipped:
    """What a test drives: the service, the shadow's rig, and the gateway's process."""

    service: Oddities
    rig: Rig
    config: Path
    public: int
    environment: Mapping[str, str]
    process: subprocess.Popen[str] | None = None

    @property
    def gateway(self) -> str:
        """The gateway's own address."""
        return f"http://127.0.0.1:{self.public}"

    async def start(self) -> None:
        """Run the gateway, and wait until it serves."""
        await asyncio.to_thread(self._start)

    def _start(self) -> None:
        command = [sys.executable, "-m", "migrate", "gateway", "--config", str(self.config)]
        self.process = subprocess.Popen(
            [*command, "--store", str(self.rig.store)],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("gateway ready")

    def kill(self) -> None:
        """End the gateway as a crash would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End the gateway politely."""
        self._end(signal.SIGTERM)

    def _end(self, number: int) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(20)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    async def flip(self, stage: Stage, *routes: str, **changes: object) -> None:
        """Set the stage of routes, and wait until both processes have taken it over."""
        for route in routes or ("items.create", "items.move"):
            await asyncio.to_thread(self.rig.promote, route, stage, **changes)
        connection = open_store(self.rig.store)
        flags = FlagStore(connection)
        revision, deadline = flags.snapshot().revision, time.monotonic() + 10
        while self.process and not any(p.kind == "gateway" and p.revision >= revision for p in flags.processes()):
            assert time.monotonic() < deadline, "the gateway did not take the flag over"
            await asyncio.sleep(0.01)
        connection.close()

    async def post(
        self,
        key: str | None,
        target: str = "/items",
        *headers: tuple[str, str],
        body: bytes = b"{}",
        credential: str = "",
        at: str = "",
    ) -> Answer:
        """A write on the legacy path, or `at` another address, on a connection of its own."""
        sent = [("Authorization", f"Bearer {credential or token(iat=1)}"), ("Content-Type", "application/json")]
        if key is not None:
            sent.append(("Idempotency-Key", key))
        async with RawClient(at or self.rig.url) as client:
            return await client.ask("POST", target, *sent, *headers, body=body)

    async def retry(self, key: str, *arguments: Any, **options: Any) -> Answer:
        """The same, as a client does that is told to wait: an answer is kept a moment after it is out."""
        deadline = time.monotonic() + 10
        while b"key-in-flight" in (given := await self.post(key, *arguments, **options)).body:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        return given

    def arrived(self, key: str) -> int:
        """How many requests with this key reached the service."""
        return sum(value(head, "idempotency-key") == key for head in self.service.heads)

    async def until_arrived(self, key: str) -> None:
        """Wait for the first of them."""
        deadline = time.monotonic() + 10
        while not self.arrived(key):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)


@asynccontextmanager
async def flipped(
    directory: Path, *, routes: str = ROUTES, read: str = "rate: 1000, per: 1m, burst: 100", **environment: str
) -> AsyncIterator[Flipped]:
    """Both paths, every route in stage legacy; `read` is the limit of reads."""
    given = {"CUTOVER_JWT_SECRET": JWT_SECRET, "CUTOVER_INTERNAL_KEY": INTERNAL_KEY, **environment}
    public = free_port()
    terms = f"  idempotency: {{lease: {LEASE}s}}\n"
    async with (
        Oddities() as service,
        shadowed(
            directory, service.address, public=public, routes=routes, terms=terms, read=read, environment=given
        ) as rig,
    ):
        made = Flipped(service, rig, directory / "cutover.yaml", public, given)
        await made.start()
        try:
            yield made
        finally:
            made.kill()
