"""Kept and joined answers, through a real gateway in front of a real service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.resilience import CircuitPolicy
from gateway.core.reuse import Caching
from gateway.core.routes import Access, Effect, Stage
from tests.apps.echo import respond, upstream
from tests.apps.gateways import running
from tests.apps.table import bearer, flags, route, table
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import httpx

    from tests.apps.echo import Seen, Upstream
    from tests.apps.gateways import Running

CACHED = Caching(60.0)
ROUTES = (
    route("kept", "compute", "GET /things", "GET /api/things", cache=CACHED),
    route("one", "compute", "GET /things/{id}", "GET /api/things/{id}", cache=Caching()),
    route("make", "compute", "POST /things", "POST /api/things", cache=Caching(0.0, ("named",))),
    route("named", "compute", "GET /named", "GET /api/named", cache=CACHED, coalesce=True),
    route("joined", "compute", "GET /joined", "GET /api/joined", coalesce=True),
    route("open", "front", "GET /open", "GET /api/open", access=Access.PUBLIC, cache=CACHED),
    route("chat", "compute", "POST /chat", "POST /api/chat", effect=Effect.METERED),
)


class Service:
    """A service whose answers are numbered; `headers`, `status` and `body` may be set, and it may hold them back."""

    def __init__(self, up: Upstream) -> None:
        self.up = up
        self.status, self.headers = 200, [("Content-Type", "application/json")]
        self.body = b""
        self.go = asyncio.Event()
        self.go.set()
        up.behave = self.answer

    async def answer(self, seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
        """Number the answer, and say 304 where the tag fits."""
        number = len(self.up.seen)
        await self.go.wait()
        tags = [value for name, value in self.headers if name == "ETag"]
        if tags and seen.values("if-none-match") == tags:
            return await respond(writer, 304, b"", self.headers)
        return await respond(writer, self.status, self.body or b'{"n": %d}' % number, self.headers)

    @property
    def asked(self) -> int:
        """How many requests have come."""
        return len(self.up.seen)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    """A running service."""
    async with upstream() as up:
        yield Service(up)


@pytest.fixture
async def gate(service: Service) -> AsyncIterator[Running]:
    """A gateway in front of it."""
    known = table(service.up.address, *ROUTES, circuit=CircuitPolicy(least=1000))
    async with running(known) as one:
        yield one


async def get(gate: Running, path: str = "/api/things", *, sub: str = "user-1", **headers: str) -> httpx.Response:
    """One read of a user; underscores in header names stand for dashes."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await gate.get(path, headers={**bearer(sub=sub, iat=1, exp=4_102_444_800), **given})


def told(response: httpx.Response) -> str:
    """What became of the request in the cache."""
    return response.headers.get("cache-status", "")


async def test_second_read_is_served_from_memory(service: Service, gate: Running) -> None:
    """The same user's next read costs the service nothing and says so: hit, Age, the same body and type."""
    first, second = await get(gate), await get(gate)
    assert (first.json(), second.json(), service.asked) == ({"n": 1}, {"n": 1}, 1)
    assert (told(first), told(second)) == ("cutover; fwd=uri-miss; stored", "cutover; hit; ttl=60")
    assert (second.headers["age"], second.headers["content-type"]) == ("0", "application/json")
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    metrics = gate.gateway.context.metrics
    assert metrics.value("cutover_reused_total", route="kept", how="hit") == 1
    page = (await gate.internal.get("/metrics")).text
    assert "cutover_cache_entries 1\n" in page
    assert 'cutover_circuit_state{service="compute"} 0\n' in page


@pytest.mark.parametrize("other", [{"sub": "user-2"}, {"Accept": "text/plain"}])
async def test_answers_are_never_shared_between_callers(gate: Running, other: dict[str, str]) -> None:
    """Another user, or another wish, is asked for anew."""
    await get(gate)
    assert (await get(gate, **other)).json() == {"n": 2}


async def test_strangers_are_told_apart_by_their_address(gate: Running) -> None:
    """On a public route one address's answer serves that address only; with a credential the very same one."""
    first = await gate.get("/api/open")
    assert told(await gate.get("/api/open")).startswith("cutover; hit")
    assert told(await gate.get("/api/open", headers={"Authorization": "Bearer x"})).startswith(
        "cutover; fwd=uri-miss"
    )
    assert told(await gate.get("/api/open", headers={"Cookie": "a=b"})) == ""
    assert first.status_code == 200


async def test_refusals_come_before_the_cache(gate: Running) -> None:
    """Without a valid token nothing is served, kept or not."""
    await get(gate)
    assert (await gate.get("/api/things")).status_code == 401


@pytest.mark.parametrize(
    "headers",
    [
        [("Cache-Control", "no-store")],
        [("Cache-Control", "private, max-age=60")],
        [("Cache-Control", "max-age=0")],
        [("Set-Cookie", "a=b")],
        [("Vary", "*")],
        [("Vary", "X-Request-ID")],
    ],
)
async def test_what_the_service_forbids_is_not_kept(
    service: Service, gate: Running, headers: list[tuple[str, str]]
) -> None:
    """no-store, private, no lifetime, cookies and endless variation are asked for each time."""
    service.headers = headers
    await get(gate)
    assert (await get(gate)).json() == {"n": 2}


@pytest.mark.parametrize("status", [201, 404, 500])
async def test_only_success_is_kept(service: Service, gate: Running, status: int) -> None:
    """Errors and other statuses are asked for each time."""
    service.status = status
    assert [(await get(gate)).status_code for _ in range(2)] == [status, status]
    assert service.asked == 2


async def test_secrets_are_not_kept(service: Service, gate: Running) -> None:
    """An answer with a token in it is passed on and forgotten."""
    service.body = b'{"access_token": "abc"}'
    assert [(await get(gate)).content for _ in range(2)] == [service.body] * 2
    assert service.asked == 2


async def test_long_answer_passes_and_is_not_kept(service: Service, gate: Running) -> None:
    """More than 1 MiB streams through whole."""
    service.body = b"x" * 3_000_000
    assert [len((await get(gate)).content) for _ in range(2)] == [3_000_000] * 2
    assert service.asked == 2


async def test_client_may_ask_anew(service: Service, gate: Running) -> None:
    """no-cache and max-age=0 go to the service, no-store too and keeps nothing, only-if-cached never goes."""
    assert (await get(gate, Cache_Control="only-if-cached")).status_code == 504
    assert service.asked == 0
    await get(gate, Cache_Control="no-store")
    assert (await get(gate)).json() == {"n": 2}
    assert (await get(gate, Cache_Control="no-cache")).json() == {"n": 3}
    assert (await get(gate, Cache_Control="max-age=0")).json() == {"n": 4}
    assert (await get(gate, Cache_Control="only-if-cached")).json() == {"n": 4}


async def test_stale_answer_is_asked_about(service: Service, gate: Running) -> None:
    """With a tag the service says 304, and the kept body serves again."""
    service.headers = [("ETag", '"v1"'), ("Cache-Control", "no-cache")]
    first, second = await get(gate), await get(gate)
    assert (first.json(), second.json(), service.asked) == ({"n": 1}, {"n": 1}, 2)
    assert told(second) == "cutover; fwd=stale; fwd-status=304"
    service.headers = [("ETag", '"v2"'), ("Cache-Control", "no-cache")]
    assert (await get(gate)).json() == {"n": 3}


async def test_client_that_has_it_gets_304(service: Service, gate: Running) -> None:
    """A client's own condition is judged here, on a miss and on a hit, without the service knowing."""
    service.headers = [("ETag", '"v1"'), ("X-Total-Count", "1"), ("Cache-Control", "max-age=60")]
    answers = [await get(gate, If_None_Match='"v1"') for _ in range(2)]
    assert [answer.status_code for answer in answers] == [304, 304]
    assert [answer.content for answer in answers] == [b"", b""]
    assert (answers[1].headers["etag"], "content-length" in answers[1].headers) == ('"v1"', False)
    assert (service.asked, service.up.seen[0].values("if-none-match")) == (1, [])
    assert (await get(gate, If_None_Match='"v0"')).json() == {"n": 1}


@pytest.mark.parametrize("status", [201, 500])
async def test_write_ends_what_is_kept(service: Service, gate: Running, status: int) -> None:
    """After a write, even one answered 500, every caller's answers of its path, below it, and of named routes end."""
    service.headers = [("Cache-Control", "max-age=60")]
    for path in ("/api/things", "/api/things/1", "/api/named", "/api/open"):
        await get(gate, path)
    service.status = status
    await gate.client.post("/api/things", headers=bearer(sub="user-2"))
    service.status = 200
    found = [told(await get(gate, path)) for path in ("/api/things", "/api/things/1", "/api/named", "/api/open")]
    assert [text.partition(";")[2].split(";")[0] for text in found] == [" fwd=uri-miss"] * 3 + [" hit"]


@pytest.mark.parametrize("status", [400, 404, 409])
async def test_refused_write_ends_nothing(service: Service, gate: Running, status: int) -> None:
    """What the service refused has changed nothing, and neither has a metered call."""
    await get(gate)
    service.status = status
    await gate.client.post("/api/things", headers=bearer())
    service.status = 200
    await gate.client.post("/api/chat", headers=bearer())
    assert told(await get(gate)).startswith("cutover; hit")


async def test_write_whose_outcome_is_unknown_ends_what_is_kept(service: Service, gate: Running) -> None:
    """A write that broke off may have happened."""

    async def dies(seen: Seen, _reader: object, _writer: object) -> bool:
        return seen.method == "GET" and await service.answer(seen, _reader, _writer)  # type: ignore[arg-type]

    await get(gate)
    service.up.behave = dies
    assert (await gate.client.post("/api/things", headers=bearer())).status_code == 502
    assert told(await get(gate)).startswith("cutover; fwd=uri-miss")


async def test_read_from_before_a_write_is_not_kept(service: Service, gate: Running) -> None:
    """A read that was on its way while a write passed serves its own client only."""
    service.go.clear()
    slow = asyncio.create_task(get(gate))
    await eventually(lambda: service.asked == 1)
    service.up.behave = None
    await gate.client.post("/api/things", headers=bearer())
    service.up.behave = service.answer
    service.go.set()
    assert told(await slow) == "cutover; fwd=uri-miss"
    assert told(await get(gate)) == "cutover; fwd=uri-miss; stored"


async def test_error_is_bridged_only_where_allowed(service: Service, gate: Running) -> None:
    """With stale-if-error the kept answer stands in for a 500 and for a dead service; without it the error shows."""
    service.headers = [("Cache-Control", "max-age=0, stale-if-error=60"), ("ETag", '"1"')]
    await get(gate)
    service.headers, service.status = [("Cache-Control", "no-store")], 500
    bridged = await get(gate)
    assert (bridged.json(), told(bridged)) == (
        {"n": 1},
        "cutover; hit; fwd=stale; fwd-status=500; detail=stale-if-error",
    )

    async def dies(*_: Any) -> bool:
        return False

    service.up.behave = dies
    assert (await get(gate)).json() == {"n": 1}
    assert (await get(gate, "/api/named")).status_code == 502


async def test_identical_reads_in_flight_are_one(service: Service, gate: Running) -> None:
    """Ten reads at once ask the service once; each of another user asks too; the next one asks again."""
    service.go.clear()
    tasks = [asyncio.create_task(get(gate, "/api/joined")) for _ in range(10)]
    tasks.append(asyncio.create_task(get(gate, "/api/joined", sub="user-2")))
    await eventually(lambda: service.asked == 2)
    flights = gate.gateway.context.resilience.reuse.flights
    await eventually(lambda: sum(flight.waiting for flight in flights._flights.values()) == 11)
    service.go.set()
    answers = await asyncio.gather(*tasks)
    assert service.asked == 2
    assert sorted(told(answer) for answer in answers) == [""] * 2 + ["cutover; fwd=request; collapsed"] * 9
    await get(gate, "/api/joined")
    assert service.asked == 3


async def test_read_after_a_write_joins_no_read_from_before_it(service: Service, gate: Running) -> None:
    """Who has written sees the write, though an older read of the same is still on its way."""
    service.go.clear()
    old = asyncio.create_task(get(gate, "/api/joined"))
    await eventually(lambda: service.asked == 1)
    service.up.behave = None
    await gate.client.post("/api/things", headers=bearer())
    service.up.behave = service.answer
    new = asyncio.create_task(get(gate, "/api/joined"))
    await eventually(lambda: service.asked == 3)
    service.go.set()
    assert [(await one).json()["n"] for one in (old, new)] == [1, 3]


async def test_kept_route_joins_on_a_miss(service: Service, gate: Running) -> None:
    """A route that keeps and joins asks once for ten misses at once, and keeps the answer."""
    service.go.clear()
    tasks = [asyncio.create_task(get(gate, "/api/named")) for _ in range(10)]
    flights = gate.gateway.context.resilience.reuse.flights
    await eventually(lambda: sum(flight.waiting for flight in flights._flights.values()) == 10)
    service.go.set()
    await asyncio.gather(*tasks)
    assert told(await get(gate, "/api/named")).startswith("cutover; hit")
    assert service.asked == 1


@pytest.mark.parametrize("headers", [{"Range": "bytes=0-1"}, {"Cache_Control": "no-cache"}, {"If_None_Match": "x"}])
async def test_some_reads_do_not_join(service: Service, gate: Running, headers: dict[str, str]) -> None:
    """Parts, conditions, and who wants a new answer ask for themselves."""
    service.go.clear()
    tasks = [asyncio.create_task(get(gate, "/api/joined", **headers)) for _ in range(2)]
    await eventually(lambda: service.asked == 2)
    service.go.set()
    await asyncio.gather(*tasks)


async def test_client_that_leaves_does_not_fail_the_others(service: Service, gate: Running) -> None:
    """The one whose question is in flight hangs up, and the others are answered."""
    service.go.clear()
    tasks = [asyncio.create_task(get(gate, "/api/joined")) for _ in range(3)]
    flights = gate.gateway.context.resilience.reuse.flights
    await eventually(lambda: sum(flight.waiting for flight in flights._flights.values()) == 3)
    tasks[0].cancel()
    await eventually(lambda: sum(flight.waiting for flight in flights._flights.values()) == 2)
    service.go.set()
    answers = await asyncio.gather(*tasks[1:])
    assert ([answer.json() for answer in answers], service.asked) == ([{"n": 1}] * 2, 1)


async def test_transparent_calls_and_copies_pass_the_cache_by(service: Service, gate: Running) -> None:
    """After a rollback nothing is kept or served from memory."""
    await get(gate)
    gate.flags = flags(gate.gateway.context.table, Stage.SHADOW, left_shadow=True)
    assert [(await get(gate)).json() for _ in range(2)] == [{"n": 2}, {"n": 3}]
    assert service.asked == 3
