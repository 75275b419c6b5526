"""The stand-in platform behind a gateway as a target of load tests, and what is left on it afterwards."""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from queue import Queue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import httpx

from gateway.config import load_table
from loadtests.account import Session, sign_in
from loadtests.calls import PREFIX, ready
from loadtests.plan import LoadPlan
from loadtests.process import run
from loadtests.things import THINGS
from loadtests.workload import Workload
from migrate.demo import platform
from migrate.presets import write
from tests.apps import gateways
from tests.apps.table import settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from loadtests.process import Progress
    from loadtests.results import LoadResult
    from migrate.demo.platform import Platform

TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@dataclass(frozen=True)
class Site:
    """The platform, the gateway before it, the table that names both, and the account's credentials."""

    platform: Platform
    config: Path
    gateway: str

    @property
    def credentials(self) -> dict[str, str]:
        """The account as variables of the environment."""
        seed = self.platform.seed
        return {
            "CUTOVER_LOAD_USERNAME": seed.admin_email,
            "CUTOVER_LOAD_PASSWORD": seed.admin_password,
            "CUTOVER_LOAD_TOTP_SECRET": TOTP,
        }

    def plan(self, **options: Any) -> LoadPlan:
        """A plan for this gateway."""
        return LoadPlan(self.config, hosts={"gateway": self.gateway}, **options)

    def session(self) -> Session:
        """A session on the platform itself."""
        return sign_in(self.credentials, load_table(self.config), {}, "legacy")

    def left(self, session: Session) -> list[str]:
        """The living things on the platform whose names are those of load tests."""
        table, found = load_table(self.config), []
        for thing in THINGS:
            asked = ready(table, thing.listed, {**session.variables, "skip": "0"})
            assert asked is not None
            address = self.platform.urls[asked.route.service] + asked.legacy.target
            answer = httpx.get(address, headers={"authorization": f"Bearer {session.token}"}, trust_env=False)
            found += [name for name, _ in thing.found(answer.content, PREFIX)]
        return found


@asynccontextmanager
async def site(directory: Path) -> AsyncIterator[Site]:
    """The platform with its real sign-in limit, and a gateway whose own limits no load test reaches."""
    with platform.running(seed=platform.Seed(admin_totp_secret=TOTP)) as stand_in:
        config = directory / "cutover.yaml"
        values = {f"services.{name}.{s}": url for name, url in stand_in.urls.items() for s in ("legacy", "internal")}
        wide = {
            f"limits.{c}.{m}": "100000" for c in ("read", "write", "inference", "upload") for m in ("rate", "burst")
        }
        write(config, values=values | wide)
        keys = settings(jwt_secret=stand_in.jwt_secret, internal_key=stand_in.internal_key)
        async with gateways.running(load_table(config), settings=keys) as served:
            yield Site(stand_in, config, served.addresses.public)


@contextmanager
def standing(directory: Path) -> Iterator[Site]:
    """The same for tests that are no coroutines; the gateway runs in a thread of its own."""
    ready, done = Queue[Site](), Event()

    async def stand() -> None:
        async with site(directory) as found:
            ready.put(found)
            await asyncio.to_thread(done.wait)

    thread = Thread(target=asyncio.run, args=(stand(),))
    thread.start()
    try:
        yield ready.get(timeout=40)
    finally:
        done.set()
        thread.join(30)


@dataclass(frozen=True)
class Loaded:
    """A run that has ended: its result, what was left on the platform, and what arrived there."""

    result: LoadResult
    left: list[str]
    arrived: list[dict[str, Any]]


async def _loaded(directory: Path, enough: int, **options: Any) -> Loaded:
    stop = Event()

    def look(progress: Progress) -> None:
        if progress.requests >= enough > 0:
            stop.set()

    async with site(directory) as found:
        plan, variables = found.plan(**options), {**os.environ, **found.credentials}
        result = await asyncio.to_thread(run, plan, environment=variables, on_progress=look, stop=stop)
        return Loaded(result, found.left(found.session()), found.platform.deliveries())


def loaded(directory: Path, *, enough: int = 0, **options: Any) -> Loaded:
    """The judged result of a run against the stand-in platform, ended after `enough` requests if that is given."""
    return asyncio.run(_loaded(directory, enough, **options))


@cache
def everybody() -> Loaded:
    """All personas together on both sides for eight seconds; asked for once in a process."""
    weights = {"dashboard": 1, "api": 2, "logs": 1, "uploader": 1, "node": 1}
    with tempfile.TemporaryDirectory() as directory:
        return loaded(
            Path(directory),
            target="both",
            users=12,
            run_time=8.0,
            spawn_rate=20.0,
            think=0.1,
            slice=1.0,
            workload=Workload(weights),
        )
