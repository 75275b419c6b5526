"""Two gateways as they are deployed: processes of their own, with stores and keys of their own, on one Redis."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import AsyncExitStack, asynccontextmanager, closing
from typing import TYPE_CHECKING

import httpx
import pytest

from gateway.config import load_table
from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore
from gateway.store.database import open_store
from tests.apps.echo import upstream
from tests.apps.redis_server import redis_server
from tests.apps.table import INTERNAL_KEY, JWT_SECRET, bearer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

RATE, BURST = 40, 30
_RUN = "from migrate.entry import main; main()"
TABLE = """
version: 1
platform: test
gateway: {{listen: "127.0.0.1:0", internal_listen: "127.0.0.1:0", instances: 2}}
services:
  api: {{legacy: "{address}", authorization: strip, shadow_listen: "127.0.0.1:0"}}
limits:
  read: {{rate: 40, per: 1s, burst: 30}}
routes:
  - {{id: get, service: api, legacy: GET /things, gateway: GET /api/things, effect: read, access: jwt}}
"""


def prepared(folder: Path, address: str) -> tuple[Path, Path]:
    """A table file and a store of its own, with the route at gateway."""
    folder.mkdir()
    file, store = folder / "cutover.yaml", folder / "cutover.db"
    file.write_text(TABLE.format(address=address))
    with closing(open_store(store)) as connection:
        flags = FlagStore(connection)
        routes = [route.id for route in load_table(file, {}).routes]
        flags.change([Flag(name, Stage.GATEWAY) for name in routes], expected=flags.snapshot())
    return file, store


@asynccontextmanager
async def process(folder: Path, address: str, redis: str) -> AsyncIterator[tuple[str, str]]:
    """`cutover gateway` in a folder of its own; its public and internal address."""
    file, store = prepared(folder, address)
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _RUN, "gateway", "--config", str(file), "--store", str(store)),
        env={
            "CUTOVER_JWT_SECRET": JWT_SECRET,
            "CUTOVER_INTERNAL_KEY": INTERNAL_KEY,
            "CUTOVER_REDIS_URL": redis,
            "PATH": "",
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        assert child.stdout is not None
        line = (await asyncio.wait_for(child.stdout.readline(), 30)).decode().split()
        assert line[:2] == ["gateway", "ready:"], line
        yield line[3].rstrip(","), line[5]
    finally:
        child.terminate()
        await asyncio.wait_for(child.wait(), 20)


async def hammered(url: str, times: int) -> list[int]:
    """Statuses of so many requests one after the other."""
    async with httpx.AsyncClient(base_url=url, timeout=10, verify=False) as client:
        return [(await client.get("/api/things", headers=bearer())).status_code for _ in range(times)]


@pytest.mark.proof
async def test_two_processes_on_one_redis_never_exceed_the_limit(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """Hammered together, killed Redis included, they let through what one would, or their shares."""
    with redis_server() as redis:
        async with AsyncExitStack() as stack:
            up = await stack.enter_async_context(upstream())
            pair = [
                await stack.enter_async_context(process(tmp_path / name, up.address, redis.url))
                for name in ("a", "b")
            ]
            for killed in (False, True):
                if killed:
                    redis.kill()
                    await asyncio.gather(*(hammered(public, 1) for public, _ in pair))
                    await asyncio.sleep(BURST / RATE + 0.1)
                began, before = time.monotonic(), len(up.seen)
                rounds = await asyncio.gather(*(hammered(public, 60) for public, _ in pair for _ in range(4)))
                seconds, passed = time.monotonic() - began, len(up.seen) - before
                found = [status for one in rounds for status in one]
                assert set(found) == {200, 429}
                assert found.count(200) == passed
                where = "without Redis" if killed else "with Redis"
                record_property(where, f"{passed} of {len(found)} passed, {BURST + RATE * seconds:.0f} allowed")
                assert BURST <= passed <= BURST + RATE * seconds
                for _, internal in pair:
                    async with httpx.AsyncClient(base_url=internal, verify=False) as client:
                        assert (await client.get("/health")).json()["limits_local"] is killed
