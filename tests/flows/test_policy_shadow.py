"""Who would be locked out: the real gateway refuses a real shadow's copies, and nobody notices but the store."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.routes import Stage
from gateway.store.counts import refusals
from gateway.store.database import open_store
from tests.apps.flipped import Flipped, flipped
from tests.apps.rawclient import RawClient
from tests.apps.table import ORGANISATION, token

if TYPE_CHECKING:
    from pathlib import Path

ROUTES = """\
  - {id: items.get, service: svc, legacy: "GET /items/{id}", gateway: "GET /api/v1/items/{id}", effect: read,
     access: jwt, scope: [query.org_id]}
"""
OWN = f"?org_id={ORGANISATION}"


async def ask(base: str, target: str, times: int, *, subject: str = "") -> list[int]:
    """The statuses of so many reads by somebody, or by nobody."""
    sent = (("Authorization", f"Bearer {token(sub=subject)}"),) if subject else ()
    async with RawClient(base) as client:
        return [(await client.ask("GET", target, *sent)).status for _ in range(times)]


def told(made: Flipped) -> list[dict[str, Any]]:
    """What `cutover diffs` says would be refused."""
    command = [sys.executable, "-m", "migrate", "diffs", "--json", "--config", str(made.config)]
    done = subprocess.run([*command, "--store", str(made.rig.store)], capture_output=True, text=True, check=True)
    (route,) = [route for route in json.loads(done.stdout)["routes"] if route["route"] == "items.get"]
    return sorted(route["would_refuse"], key=lambda item: item["status"])


@pytest.mark.proof
async def test_who_would_be_refused_is_known_before_anybody_is(tmp_path: Path) -> None:
    """In stage shadow 401, 403 and 429 are counted by subject and reason with first and last sight; all are served.

    The copies that were refused for their number took nothing from the caller's own limit.
    """
    async with flipped(tmp_path, routes=ROUTES, read="rate: 1, per: 1h, burst: 3") as made:
        await made.flip(Stage.SHADOW, "items.get")
        begin = time.time()
        assert await ask(made.rig.url, "/items/1" + OWN, 2) == [200] * 2
        assert await ask(made.rig.url, "/items/2?org_id=org-2", 1, subject="ann") == [200]
        assert await ask(made.rig.url, "/items/3" + OWN, 7, subject="bob") == [200] * 7
        assert await ask(made.rig.url, "/items/4" + OWN, 1, subject="eve") == [200]
        buckets = await made.rig.settled(11)
        assert buckets == {("items.get", "compared", ""): 11}
        end = time.time()
        connection = open_store(made.rig.store)
        await made.rig.until(
            lambda: sum(one.count for one in refusals(connection)) == 7, lambda: refusals(connection)
        )
        known = {(one.subject, one.status, one.reason): one for one in refusals(connection)}
        connection.close()
        assert {key: one.count for key, one in known.items()} == {
            ("127.0.0.1", 401, "missing"): 2,
            ("ann", 403, "scope"): 1,
            ("bob", 429, "limit"): 4,
        }
        assert all(begin <= one.first_seen <= one.last_seen <= end for one in known.values())
        assert known["bob", 429, "limit"].first_seen < known["bob", 429, "limit"].last_seen
        shown = await asyncio.to_thread(told, made)
        assert [(one["status"], one["reason"], one["count"]) for one in shown] == [
            (401, "missing", 2),
            (403, "scope", 1),
            (429, "limit", 4),
        ]
        assert [one["who"][0]["subject"] for one in shown] == ["127.0.0.1", "ann", "bob"]
        assert all(one["first_seen"] and one["who"][0]["first_seen"] for one in shown)
        await made.flip(Stage.GATEWAY, "items.get")
        assert await ask(made.gateway, "/api/v1/items/3" + OWN, 4, subject="bob") == [200, 200, 200, 429]
