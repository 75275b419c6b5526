"""The step, through real gateways."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.exchange import Request
from gateway.core.mark import DRY_RUN, MARK_HEADER, REFUSED_HEADER, sign
from gateway.core.policy import Limit
from gateway.core.routes import Access, Kind, Stage
from gateway.limit import Limits, learn
from gateway.limit.limits import BLOCKED
from gateway.problem import PROBLEM_TYPE, RateLimited
from tests.apps.echo import respond, upstream
from tests.apps.gateways import running
from tests.apps.redis_server import redis_server
from tests.apps.table import bearer, flags, route, settings, table, token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from gateway.core.table import RouteTable
    from tests.apps.echo import Upstream
    from tests.apps.gateways import Running

ROUTES = (
    route("get", "compute", "GET /things", "GET /api/things"),
    route("make", "compute", "POST /things", "POST /api/things", limit="write", scope=("query.org_id",)),
    route("login", "front", "POST /login", "POST /api/login", access=Access.PUBLIC, limit="auth"),
    route("chat", "front", "POST /chat", "POST /api/chat", access=Access.API_KEY, limit="inference"),
)
SLOW = Limit(rate=1, per=3600, burst=3)
LIMITS = {"read": SLOW, "write": Limit(2, 3600, 2), "auth": Limit(1, 3600, 2), "inference": SLOW, "failed": SLOW}
FORGED = {"Authorization": f"Bearer {token(secret='another-secret-0123456789abcdef-0123456789')}"}


def limited(address: str, limits: dict[str, Limit] | None = None, **policy: Any) -> RouteTable:
    """The routes under these limits."""
    return replace(table(address, *ROUTES, **policy), limits=LIMITS if limits is None else limits)


@pytest.fixture
async def up() -> AsyncIterator[Upstream]:
    """An upstream that echoes."""
    async with upstream() as one:
        yield one


@pytest.fixture
async def gate(up: Upstream) -> AsyncIterator[Running]:
    """A gateway with small limits and no Redis."""
    async with running(limited(up.address)) as one:
        yield one


async def statuses(
    gate: Running, times: int, method: str = "GET", path: str = "/api/things", **options: Any
) -> list[int]:
    """Statuses of so many requests."""
    return [(await gate.client.request(method, path, **options)).status_code for _ in range(times)]


@pytest.mark.proof
async def test_answers_tell_of_the_limit_and_the_last_is_refused(up: Upstream, gate: Running) -> None:
    """Each answer counts down; the one too many is a problem that says when to come back, and reaches nobody."""
    answers = [await gate.get("/api/things", headers=bearer()) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert answers[0].headers["ratelimit-policy"] == '"read";q=1;w=3600'
    assert answers[0].headers["ratelimit"] == '"read";r=2;t=3600'
    refused = answers[3]
    assert refused.headers["content-type"] == PROBLEM_TYPE
    assert refused.json()["detail"] == "Rate limit exceeded. Please try again later."
    assert 3590 < int(refused.headers["retry-after"]) <= 3600
    assert refused.headers.get_list("ratelimit") == ['"read";r=0;t=10800']
    assert len(up.seen) == 3
    count = gate.gateway.context.metrics.value
    assert count("cutover_limited_total", limit="read") == 1
    assert count("cutover_refused_total", route="get", status="429", reason="limit") == 1


async def test_limits_are_by_class_and_subject(gate: Running) -> None:
    """What one user does in one class leaves his other classes and everybody else alone."""
    assert await statuses(gate, 4, headers=bearer()) == [200, 200, 200, 429]
    assert await statuses(gate, 1, headers=bearer(sub="user-2")) == [200]
    assert await statuses(gate, 3, "POST", params={"org_id": "org-1"}, headers=bearer()) == [200, 200, 429]


async def test_refusal_costs_a_token(gate: Running) -> None:
    """Who tries what he may not do runs out of tries, and his answers say so."""
    answers = [
        await gate.client.post("/api/things", params={"org_id": f"org-{number}"}, headers=bearer())
        for number in (2, 3, 4)
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 429]
    assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]


async def test_anonymous_callers_count_by_address_as_trusted_proxies_tell_it(up: Upstream) -> None:
    """A stranger cannot choose his bucket; behind a trusted proxy each client has his own."""
    other = {"X-Forwarded-For": "9.9.9.9"}
    async with running(limited(up.address)) as gate:
        assert await statuses(gate, 2, "POST", "/api/login") == [200, 200]
        assert await statuses(gate, 1, "POST", "/api/login", headers=other) == [429]
    async with running(limited(up.address, trusted_proxies=("127.0.0.1",))) as gate:
        assert await statuses(gate, 3, "POST", "/api/login") == [200, 200, 429]
        assert await statuses(gate, 3, "POST", "/api/login", headers=other) == [200, 200, 429]
        spoofed = {"X-Forwarded-For": "1.1.1.1, 9.9.9.9"}
        assert await statuses(gate, 1, "POST", "/api/login", headers=spoofed) == [429]
        networks = [{"X-Forwarded-For": f"2001:db8::{number}"} for number in range(3)]
        found = [(await gate.client.post("/api/login", headers=one)).status_code for one in networks]
        assert found == [200, 200, 429]


async def test_failures_use_up_what_an_address_may_fail_and_nobody_else_notices(up: Upstream, gate: Running) -> None:
    """Guessing turns into 429, while a valid token from the same address is served and sign-in stays open."""
    assert await statuses(gate, 5, headers=FORGED) == [401, 401, 401, 429, 429]
    assert await statuses(gate, 1, headers=bearer()) == [200]
    assert await statuses(gate, 1, "POST", "/api/login") == [200]
    assert len(up.seen) == 2
    assert gate.gateway.context.metrics.value("cutover_limited_total", limit="failed") == 2


async def test_expired_token_is_no_guess(gate: Running) -> None:
    """A page whose token has run out hears 401 however often it asks, so that it signs in again."""
    assert set(await statuses(gate, 6, headers=bearer(exp=1))) == {401}


async def test_unknown_key_counts_as_its_address_until_a_service_accepts_it(up: Upstream, gate: Running) -> None:
    """New keys do not bring new buckets; a key that was accepted has its own, until it is refused."""

    async def judge(seen: Any, _reader: Any, writer: asyncio.StreamWriter) -> bool:
        good = "sk-good" in seen.values("authorization")[0]
        return await respond(writer, 200 if good else 401)

    up.behave = judge
    good = {"Authorization": "Bearer sk-good"}
    assert await statuses(gate, 1, "POST", "/api/chat", headers=good) == [200]
    guesses = [{"Authorization": f"Bearer sk-{number}"} for number in range(4)]
    found = [(await gate.client.post("/api/chat", headers=guess)).status_code for guess in guesses]
    assert found == [401, 401, 429, 429]
    assert await statuses(gate, 4, "POST", "/api/chat", headers=good) == [200, 200, 200, 429]


async def test_blocked_address_gets_no_key_looked_at_that_nobody_knows(up: Upstream) -> None:
    """After too many failures a key is not asked about, unless a service has accepted it before."""
    limits = {**LIMITS, "inference": Limit(1000, 1, 1000)}
    async with running(limited(up.address, limits)) as gate:
        known, new = {"Authorization": "Bearer sk-known"}, {"Authorization": "Bearer sk-new"}
        assert await statuses(gate, 1, "POST", "/api/chat", headers=known) == [200]
        assert await statuses(gate, 5, headers=FORGED) == [401, 401, 401, 429, 429]
        assert await statuses(gate, 1, "POST", "/api/chat", headers=known) == [200]
        assert await statuses(gate, 1, "POST", "/api/chat", headers=new) == [429]
        assert await statuses(gate, 1, "POST", "/api/chat") == [429]


def test_key_that_is_refused_is_known_no_longer() -> None:
    """A key speaks for itself from an answer that is no error to the first 401; the platform's 500 may be one."""
    limits, chat = Limits(None, "s" * 32), ROUTES[3]
    asked = Request("POST", "/api/chat", (("Authorization", "Bearer sk-1"),))
    for status, known in (
        (500, False),
        (404, False),
        (200, True),
        (403, True),
        (401, False),
        (422, False),
        (204, True),
        (401, False),
    ):
        learn(limits, chat, asked, status)
        assert ("Bearer sk-1" in limits.accepted) is known
    learn(limits, ROUTES[0], asked, 200)
    assert "Bearer sk-1" not in limits.accepted


def test_blocked_addresses_are_bounded() -> None:
    """A flood of addresses forgets the one blocked first, and the last one is blocked."""
    limits = Limits(None, "s" * 32)
    for number in range(BLOCKED + 1):
        limits.block(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", 60)
    limits.check("10.0.0.0", "Bearer sk-1")
    for client in ("10.0.0.1", f"10.0.{BLOCKED >> 8}.{BLOCKED & 255}"):
        with pytest.raises(RateLimited):
            limits.check(client, "Bearer sk-1")


async def test_copies_debit_a_bucket_of_their_own(up: Upstream, gate: Running) -> None:
    """Copies run out by themselves, as a refusal of policy, and move no live bucket and no live number."""

    async def copy() -> httpx.Response:
        key = settings().mark_key
        mark = sign(
            key, mode=DRY_RUN, method="GET", target="/api/things", body=b"", now=time.time(), client="7.7.7.7"
        )
        return await gate.internal.get("/api/things", headers={**bearer(), MARK_HEADER: mark})

    copies = [await copy() for _ in range(4)]
    assert [answer.status_code for answer in copies] == [200, 200, 200, 429]
    assert copies[3].headers[REFUSED_HEADER] == "1"
    assert await statuses(gate, 3, headers=bearer()) == [200, 200, 200]
    assert gate.gateway.context.metrics.value("cutover_limited_total") == 0
    assert len(up.seen) == 3


async def test_transparent_call_is_counted_and_not_refused(gate: Running) -> None:
    """After a rollback nobody is refused and nothing is told, but what would be refused is counted."""
    gate.flags = flags(gate.gateway.context.table, Stage.SHADOW, left_shadow=True)
    answers = [await gate.get("/api/things", headers=bearer()) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert not any("ratelimit" in name for answer in answers for name in answer.headers)
    count = gate.gateway.context.metrics.value
    assert count("cutover_would_refuse_total", route="get", status="429", reason="limit") == 2


async def test_service_that_limits_itself_is_heard(up: Upstream, gate: Running) -> None:
    """X-RateLimit-* of a service pass as they are and are not doubled; the draft's fields are still ours."""

    async def limits(_seen: Any, _reader: Any, writer: asyncio.StreamWriter) -> bool:
        return await respond(writer, 429, b"", [("X-RateLimit-Limit", "60"), ("X-RateLimit-Remaining", "0")])

    up.behave = limits
    answer = await gate.get("/api/things", headers=bearer())
    assert answer.headers.get_list("x-ratelimit-limit") == ["60"]
    assert answer.headers.get_list("x-ratelimit-remaining") == ["0"]
    assert "x-ratelimit-reset" not in answer.headers
    assert answer.headers["ratelimit"] == '"read";r=2;t=3600'


async def test_page_may_read_the_limit(gate: Running) -> None:
    """CORS exposes every name that a script needs to slow down by itself."""
    answer = await gate.get("/api/things", headers={**bearer(), "Origin": "http://page"})
    exposed = {name.strip().lower() for name in answer.headers["access-control-expose-headers"].split(",")}
    assert {name for name in answer.headers if "ratelimit" in name} | {"retry-after"} <= exposed


async def test_reload_changes_limits_at_once(up: Upstream, gate: Running) -> None:
    """The next request is limited as the new table says, up and down, and a class without a limit is free."""
    assert await statuses(gate, 4, headers=bearer()) == [200, 200, 200, 429]
    gate.gateway.reload(limited(up.address, {**LIMITS, "read": Limit(60000, 60, 1000)}))
    # What was empty fills at the new pace.
    end = time.monotonic() + 10
    while (answer := await gate.get("/api/things", headers=bearer())).status_code != 200:
        assert time.monotonic() < end
    assert answer.headers["ratelimit-policy"] == '"read";q=60000;w=60'
    assert await statuses(gate, 4, headers=bearer(sub="new")) == [200] * 4
    gate.gateway.reload(limited(up.address, {**LIMITS, "read": Limit(1, 3600, 1)}))
    assert await statuses(gate, 2, headers=bearer(sub="other")) == [200, 429]
    gate.gateway.reload(limited(up.address, {}))
    answer = await gate.get("/api/things", headers=bearer(sub="other"))
    assert (answer.status_code, "ratelimit" in answer.headers) == (200, False)


async def test_socket_handshakes_are_limited(up: Upstream) -> None:
    """A handshake costs a token of its route's class, and a forged credential one of its address."""
    socket = route("logs", "compute", "GET /logs", "GET /api/logs", kind=Kind.WEBSOCKET)
    known = replace(table(up.address, socket), limits={"read": Limit(1, 3600, 1), "failed": Limit(1, 3600, 1)})
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    upgrade["Sec-WebSocket-Key"] = "AAAAAAAAAAAAAAAAAAAAAA=="
    async with running(known) as gate:
        assert await statuses(gate, 2, path="/api/logs", headers={**FORGED, **upgrade}) == [401, 429]
        found = await statuses(gate, 2, path="/api/logs", headers={**bearer(), **upgrade})
        assert found[1] == 429
        assert gate.gateway.context.metrics.value("cutover_limited_total") == 2


async def test_two_gateways_on_one_redis_never_exceed_the_limit(up: Upstream) -> None:
    """Hammered together by clients of their own, two let through the burst and what the rate adds, and no more."""
    limit = Limit(rate=5, per=1, burst=20)
    with redis_server() as server:
        shared = settings(redis_url=server.url)
        known = limited(up.address, {**LIMITS, "read": limit}, instances=2)
        async with running(known, settings=shared) as one, running(known, settings=shared) as other:
            began = time.monotonic()
            rounds = await asyncio.gather(
                *(statuses(gate, 40, headers=bearer()) for gate in (one, other) for _ in range(4))
            )
            seconds = time.monotonic() - began
            results = [status for found in rounds for status in found]
            passed = results.count(200)
            assert set(results) == {200, 429}
            assert limit.burst <= passed <= limit.burst + limit.rate * seconds
            assert passed == len(up.seen)
            metrics = (await one.internal.get("/metrics")).text
            assert "cutover_limits_local 0" in metrics.splitlines()


async def test_instances_without_redis_use_their_share_and_say_so(up: Upstream) -> None:
    """Two instances in memory let through half each, and a gauge tells that they do not meet."""
    async with running(limited(up.address, {"read": Limit(1, 3600, 8)}, instances=2)) as gate:
        assert (await statuses(gate, 6, headers=bearer())).count(200) == 4
        assert "cutover_limits_local 1" in (await gate.internal.get("/metrics")).text.splitlines()
    async with running(limited(up.address, {"read": Limit(1, 3600, 8)})) as gate:
        assert (await statuses(gate, 10, headers=bearer())).count(200) == 8
        assert "cutover_limits_local 0" in (await gate.internal.get("/metrics")).text.splitlines()


async def test_redis_killed_and_back_costs_no_request(up: Upstream) -> None:
    """While Redis is away every request is answered from the share; afterwards the whole counts again."""
    with redis_server() as server:
        known = limited(up.address, {"read": Limit(1, 3600, 8)}, instances=2)
        async with running(known, settings=settings(redis_url=server.url)) as gate:
            assert await statuses(gate, 2, headers=bearer()) == [200, 200]
            server.kill()
            found = await statuses(gate, 6, headers=bearer())
            assert (found.count(200), found.count(429)) == (4, 2)
            health = (await gate.internal.get("/health")).json()
            assert (health["redis"], health["limits_local"]) == ("away", True)
            server.start()
            end = time.monotonic() + 10
            while (await gate.internal.get("/health")).json()["redis"] != "up":
                assert time.monotonic() < end
                await asyncio.sleep(0.05)
            assert (await statuses(gate, 10, headers=bearer())).count(200) == 8
