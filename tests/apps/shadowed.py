"""A shadow in processes of its own between a raw client and raw services, for tests."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore
from gateway.store import counts
from gateway.store.browse import browse
from gateway.store.database import open_store
from migrate.demo.children import free_ports
from shadow.process import running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Mapping
    from pathlib import Path

    from gateway.core.observation import Observation
    from gateway.core.routes import Stage

ROUTES = """\
  - {id: items.get, service: svc, legacy: "GET /items/{id}", gateway: "GET /api/v1/items/{id}", effect: read,
     access: public}
  - {id: items.create, service: svc, legacy: POST /items, gateway: POST /api/v1/items, effect: write, access: public}
  - {id: items.move, service: svc, legacy: POST /items/move, gateway: "POST /api/v1/items/{id}/move", effect: write,
     access: public, moves: [{legacy: body.item_id, gateway: path.id}]}
  - {id: items.take, service: svc, legacy: "GET /take/{id}", gateway: "GET /api/v1/take/{id}", effect: write,
     access: public}
  - {id: fault, service: svc, legacy: GET /fault, gateway: GET /api/v1/fault, effect: read, access: public}
  - {id: redirect, service: svc, legacy: GET /redirect, gateway: GET /api/v1/redirect, effect: read, access: public}
  - {id: empty, service: svc, legacy: GET /empty, gateway: GET /api/v1/empty, effect: read, access: public}
  - {id: events, service: svc, legacy: GET /events, gateway: GET /api/v1/events, effect: read, access: public,
     kind: sse}
  - {id: large, service: svc, legacy: GET /large, gateway: GET /api/v1/large, effect: read, access: public}
  - {id: socket, service: svc, legacy: GET /socket, gateway: "GET /api/v1/socket/{id}", effect: read, access: public,
     kind: websocket}
"""


_TABLE = """\
version: 1
platform: odd
gateway:
  listen: 127.0.0.1:{public}
  internal_listen: 127.0.0.1:{internal}
  public_url: http://gateway.example
  cors: {{origins: ["*"], credentials: true}}
{terms}shadow: {{{mirroring}}}
services:
  svc:
    legacy: http://{legacy}
    internal: http://{legacy}
    authorization: forward
    shadow_listen: 127.0.0.1:{listen}
limits:
  read: {{{read}}}
  write: {{rate: 1000, per: 1m, burst: 100}}
routes:
"""


def free_port() -> int:
    """A port that nobody holds now."""
    return free_ports(1)[0]


@dataclass
class Rig:
    """A running shadow with its store; the gateway is whatever stands at `public` and `internal`."""

    url: str
    pid: int
    store: Path

    def promote(self, route: str, stage: Stage, **changes: object) -> None:
        """Set a flag, and wait until the proxy has taken it over."""
        connection = open_store(self.store)
        flags = FlagStore(connection)
        revision = flags.change([Flag(route, stage, by="test", **changes)], expected=flags.snapshot()).revision
        deadline = time.monotonic() + 10
        while not any(p.kind == "shadow" and p.revision >= revision for p in flags.processes()):
            assert time.monotonic() < deadline, "the shadow did not take the flag over"
            time.sleep(0.01)
        connection.close()

    def buckets(self) -> dict[counts.BucketKey, int]:
        """Counts as stored."""
        connection = open_store(self.store)
        try:
            return counts.buckets(connection)
        finally:
            connection.close()

    def observations(self) -> list[Observation]:
        """Observations as stored, newest first."""
        connection = open_store(self.store)
        try:
            return list(browse(connection))
        finally:
            connection.close()

    def served(self) -> list[counts.Served]:
        """What was served, as stored."""
        connection = open_store(self.store)
        try:
            return counts.served(connection)
        finally:
            connection.close()

    async def settled(self, total: int, seconds: float = 20) -> dict[counts.BucketKey, int]:
        """The stored buckets once they hold `total` requests and none is pending."""
        return await self.until(
            lambda: sum(self.buckets().values()) == total and not any(key[1] == "pending" for key in self.buckets()),
            self.buckets,
            seconds,
        )

    async def until[T](self, true: Callable[[], bool], give: Callable[[], T], seconds: float = 20) -> T:
        """What `give` gives as soon as `true` is."""
        deadline = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < deadline, give()
            await asyncio.sleep(0.05)
        return give()

    def workers(self) -> list[psutil.Process]:
        """The live mirror workers."""
        return self.children("shadow.worker")

    def children(self, word: str) -> list[psutil.Process]:
        """Live children whose command line holds a word."""
        found = []
        for child in psutil.Process(self.pid).children():
            with suppress(psutil.Error):
                if any(word in part for part in child.cmdline()):
                    found.append(child)
        return found

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the store's write lock."""
        connection = open_store(self.store)
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            connection.execute("COMMIT")
            connection.close()


def write_table(
    directory: Path,
    legacy: str,
    *,
    public: int | None = None,
    internal: int | None = None,
    listen: int | None = None,
    routes: str = ROUTES,
    terms: str = "",
    mirroring: str = "second: 0, slow: off, load: 300%",
    read: str = "rate: 1000, per: 1m, burst: 100",
) -> Path:
    """A route table over the service at `legacy` (`host:port`); ports not given are free ones.

    `terms` are further lines of the gateway's section, `mirroring` what the shadow's own holds,
    `read` the limit of reads.
    """
    config = directory / "cutover.yaml"
    ports = {"public": public, "internal": internal, "listen": listen}
    filled = {name: port or free_port() for name, port in ports.items()}
    config.write_text(_TABLE.format(legacy=legacy, terms=terms, mirroring=mirroring, read=read, **filled) + routes)
    return config


@asynccontextmanager
async def shadowed(
    directory: Path,
    legacy: str,
    *,
    public: int | None = None,
    internal: int | None = None,
    listen: int | None = None,
    routes: str = ROUTES,
    terms: str = "",
    mirroring: str = "second: 0, slow: off, load: 300%",
    read: str = "rate: 1000, per: 1m, burst: 100",
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Rig]:
    """A shadow over the service at `legacy` (`host:port`)."""
    config = write_table(
        directory,
        legacy,
        public=public,
        internal=internal,
        listen=listen,
        routes=routes,
        terms=terms,
        mirroring=mirroring,
        read=read,
    )
    store = directory / "state" / "cutover.db"
    context = running(config, store, environment)
    shadow = await asyncio.to_thread(context.__enter__)
    try:
        yield Rig(shadow.urls["svc"], shadow.pid, store)
    finally:
        await asyncio.to_thread(context.__exit__, None, None, None)
