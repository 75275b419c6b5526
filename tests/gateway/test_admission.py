"""What a request passes before anybody is asked."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.core.mark import DRY_RUN, MARK_HEADER, TRIAL, sign
from gateway.core.policy import Limit
from tests.apps.echo import upstream
from tests.apps.gateways import running
from tests.apps.table import bearer, route, settings, table, token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.apps.gateways import Running

ROUTES = (route("get", "compute", "GET /things", "GET /api/things", scope=("query.org_id",)),)
TARGET = "/api/things?org_id=org-1"
FORGED = {"Authorization": f"Bearer {token(secret='another-secret-0123456789abcdef-0123456789')}"}


@pytest.fixture
async def gate() -> AsyncIterator[Running]:
    """A gateway where everybody has two tokens, and two failures."""
    async with upstream() as up:
        known = replace(table(up.address, *ROUTES), limits={"read": Limit(1, 3600, 2), "failed": Limit(1, 3600, 2)})
        async with running(known) as one:
            yield one


async def copies(gate: Running, mode: str, times: int, headers: dict[str, str]) -> list[int]:
    """Statuses of so many marked copies."""
    found = []
    for _ in range(times):
        key = settings().mark_key
        mark = sign(key, mode=mode, method="GET", target=TARGET, body=b"", now=time.time(), client="7.7.7.7")
        found.append((await gate.internal.get(TARGET, headers={**headers, MARK_HEADER: mark})).status_code)
    return found


async def test_trial_costs_nobody_a_token(gate: Running) -> None:
    """However often the matrix is probed, no bucket moves: neither the live one nor that of copies."""
    assert set(await copies(gate, TRIAL, 5, bearer())) == {200}
    assert set(await copies(gate, TRIAL, 5, FORGED)) == {401}
    assert await copies(gate, DRY_RUN, 3, bearer()) == [200, 200, 429]
    assert await copies(gate, DRY_RUN, 3, FORGED) == [401, 401, 429]
    assert (await gate.get(TARGET, headers=bearer())).status_code == 200


async def test_who_may_not_pays_as_well(gate: Running) -> None:
    """A denial takes a token and tells of it; without one it is not even said that he may not."""
    answers = [await gate.get("/api/things?org_id=org-2", headers=bearer()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [403, 403, 429]
    assert answers[0].headers["ratelimit"].startswith('"read";r=1;')
    assert (await gate.get(TARGET, headers=bearer())).status_code == 429


async def test_stranger_costs_the_class_nothing(gate: Running) -> None:
    """A failure to say who one is debits the failures of the address only."""
    assert (await gate.get(TARGET)).status_code == 401
    answer = await gate.get(TARGET, headers=bearer())
    assert (answer.status_code, answer.headers["x-ratelimit-remaining"]) == (200, "1")
