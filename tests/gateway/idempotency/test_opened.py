from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.idempotency import Idempotency
from gateway.idempotency.claim import Asked, Verdict
from gateway.idempotency.opened import opened
from gateway.shared import connect
from gateway.store.database import open_store
from tests.apps.redis_server import redis_server

if TYPE_CHECKING:
    from pathlib import Path

ASKED = Asked("slot", "head", "body", "holder", verified=True)
SECRET = b"a" * 32


def untouched(directory: Path) -> bool:
    """Whether nothing was made in a directory."""
    return not list(directory.iterdir())


async def test_without_redis_processes_meet_in_the_store(tmp_path: Path) -> None:
    """The one file on this machine."""
    store = tmp_path / "cutover.db"
    open_store(store).close()
    one, other = opened(store, SECRET, None), opened(store, SECRET, "")
    assert (await one.claim(ASKED, Idempotency())).verdict is Verdict.CLAIMED
    assert (await other.claim(ASKED, Idempotency())).verdict is Verdict.IN_FLIGHT
    await one.close()
    await other.close()


async def test_with_redis_they_meet_there(tmp_path: Path) -> None:
    """By address or by client, and the store is not touched."""
    with redis_server() as server:
        redis = connect(server.url)
        one, other = opened(tmp_path / "no.db", SECRET, redis), opened(tmp_path / "no.db", SECRET, server.url)
        assert (await one.claim(ASKED, Idempotency())).verdict is Verdict.CLAIMED
        assert (await other.claim(ASKED, Idempotency())).verdict is Verdict.IN_FLIGHT
        await one.close()
        await other.close()
        assert await redis.ping()
        await redis.aclose()
    assert untouched(tmp_path)
