"""Keys at a real gateway in front of a real upstream, over either ledger."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.idempotency import Idempotency
from gateway.core.mark import DRY_RUN, MARK_HEADER, sign
from gateway.core.routes import Access, Effect, Stage, Timeouts
from gateway.store.database import open_store
from tests.apps.echo import Seen, Upstream, raw, respond, upstream
from tests.apps.gateways import Running, running
from tests.apps.ledgers import KINDS
from tests.apps.redis_server import redis_server
from tests.apps.table import bearer, flags, route, settings, table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import httpx

    from gateway.core.table import RouteTable
    from gateway.settings import Settings

ROUTES = (
    route("things.create", "compute", "POST /things", "POST /api/things"),
    route("things.stop", "compute", "POST /stop", "POST /api/things/{id}/stop", moves=[("body.id", "path.id")]),
    route("things.read", "compute", "POST /search", "POST /api/search", effect=Effect.READ),
    route("things.list", "compute", "GET /things", "GET /api/things"),
    route("chat", "front", "POST /chat", "POST /api/chat", effect=Effect.METERED, access=Access.API_KEY),
    route("login", "front", "POST /login", "POST /api/login", access=Access.PUBLIC),
    route(
        "slow", "compute", "POST /slow", "POST /api/slow", timeouts=Timeouts(connect=0.5, first_byte=0.3, idle=0.3)
    ),
)


@dataclass
class Gate:
    """A gateway with its upstream, and what another gateway of the same platform needs."""

    running: Running
    service: Upstream
    table: RouteTable
    settings: Settings

    async def post(
        self, path: str = "/api/things", key: str | None = "k", body: bytes = b"{}", **headers: str
    ) -> httpx.Response:
        """A write, with a key unless it is None; header names have underscores for dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {**bearer(), **named, **({} if key is None else {"Idempotency-Key": key})}
        return await self.running.client.post(path, headers=sent, content=body)

    def met(self, **labels: str) -> int:
        """What the metric says."""
        return self.running.gateway.context.metrics.value("cutover_idempotency_total", **labels)

    async def until(self, outcome: int, path: str = "/api/things", **options: Any) -> httpx.Response:
        """Ask until the answer has this status."""
        deadline = asyncio.get_running_loop().time() + 10
        while (answer := await self.post(path, **options)).status_code != outcome:
            assert asyncio.get_running_loop().time() < deadline, answer.text
            await asyncio.sleep(0.02)
        return answer


@asynccontextmanager
async def gates(kind: str, directory: Path, **policy: Any) -> AsyncIterator[Gate]:
    """A gateway whose ledger is of either kind."""
    store = directory / "cutover.db"
    open_store(store).close()
    async with upstream() as service:
        if kind == "embedded":
            async with gate(service, settings(store=store), **policy) as made:
                yield made
            return
        with redis_server() as server:
            async with gate(service, settings(store=store, redis_url=server.url), **policy) as made:
                yield made


@asynccontextmanager
async def gate(service: Upstream, given: Settings, **policy: Any) -> AsyncIterator[Gate]:
    """A gateway over one upstream with these settings."""
    routes = table(service.address, *ROUTES, **policy)
    async with running(routes, settings=given) as made:
        yield Gate(made, service, routes, given)


@pytest.fixture(params=KINDS)
async def both(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Gate]:
    """A gateway over either ledger."""
    async with gates(request.param, tmp_path) as made:
        yield made


@pytest.fixture
async def one(tmp_path: Path) -> AsyncIterator[Gate]:
    """A gateway over the store."""
    async with gates("embedded", tmp_path) as made:
        yield made


def held(release: asyncio.Event, status: int = 201) -> Any:
    """A behaviour that answers once it is released."""

    async def behave(_seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await release.wait()
        return await respond(writer, status, b"late")

    return behave


async def arrived(service: Upstream, count: int = 1) -> None:
    """Wait until the service has seen so many requests."""
    deadline = asyncio.get_running_loop().time() + 10
    while len(service.seen) < count:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)


async def test_a_retry_gets_the_first_answer_and_the_service_sees_one_request(both: Gate) -> None:
    """Status, headers and body are kept; the replay says that it is one."""
    first = await both.post()
    again = await both.post()
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert len(both.service.seen) == 1
    assert (both.met(outcome="claimed"), both.met(outcome="replayed")) == (1, 1)


async def test_without_a_key_every_request_is_passed_on(one: Gate) -> None:
    """No key is invented, and the ledger is not touched."""
    for _ in range(2):
        assert "idempotency-replayed" not in (await one.post(key=None)).headers
    assert len(one.service.seen) == 2
    assert one.met() == 0


async def test_the_service_sees_the_key(one: Gate) -> None:
    """It may know keys itself."""
    await one.post(key="abc")
    assert one.service.seen[0].values("idempotency-key") == ["abc"]


async def test_while_the_first_is_under_way_the_second_is_told(both: Gate) -> None:
    """409 with Retry-After, and a reason."""
    release = asyncio.Event()
    both.service.behave = held(release)
    first = asyncio.create_task(both.post())
    await arrived(both.service)
    second = await both.post()
    release.set()
    assert (second.status_code, second.json()["reason"]) == (409, "key-in-flight")
    assert second.headers["retry-after"] == "1"
    assert (await first).status_code == 201
    assert (await both.post()).headers["idempotency-replayed"] == "true"
    assert len(both.service.seen) == 1


async def test_another_request_with_the_key_is_told(one: Gate) -> None:
    """422, and it is not passed on."""
    await one.post()
    for answer in (await one.post("/api/things?a=1"), await one.post(body=b"[]")):
        assert (answer.status_code, answer.json()["reason"]) == (422, "key-reused")
    assert len(one.service.seen) == 1


async def test_a_key_belongs_to_its_user_and_route(one: Gate) -> None:
    """Another user, organisation or route may use the same one; a refreshed token is the same user."""
    await one.post()
    others = [
        await one.post(**bearer(sub="user-2")),
        await one.post(**bearer(org_id="org-2")),
        await one.post("/api/things/7/stop"),
    ]
    assert ["idempotency-replayed" in answer.headers for answer in others] == [False] * 3
    assert len(one.service.seen) == 4
    assert "idempotency-replayed" in (await one.post(**bearer(iat=1))).headers


async def test_holders_of_api_keys_are_told_apart(one: Gate) -> None:
    """By the credential."""
    for credential, seen in (("sk-one", 1), ("sk-one", 1), ("sk-two", 2)):
        answer = await one.post("/api/chat", Authorization=f"Bearer {credential}")
        assert answer.status_code == 200
        assert len(one.service.seen) == seen


async def test_strangers_are_told_apart_by_address(one: Gate) -> None:
    """Whoever calls from elsewhere gets no kept answer."""
    trusting = replace(one.table, policy=replace(one.table.policy, trusted_proxies=("127.0.0.1",)))
    async with running(trusting, settings=one.settings) as gateway:
        for client, seen in (("203.0.113.1", 1), ("203.0.113.1", 1), ("203.0.113.2", 2)):
            sent = {"Idempotency-Key": "k", "X-Forwarded-For": client}
            assert (await gateway.client.post("/api/login", headers=sent, content=b"{}")).status_code == 200
            assert len(one.service.seen) == seen


async def test_a_forged_token_gets_no_kept_answer(one: Gate) -> None:
    """Authentication comes first."""
    await one.post()
    forged = await one.post(**bearer(secret="x" * 40))
    assert forged.status_code == 401
    assert "idempotency-replayed" not in forged.headers


async def test_a_malformed_key_is_refused(one: Gate) -> None:
    """400, and nothing is passed on; so are two keys, since somebody would read the other."""
    for key in ("", "k" * 256, '"open'):
        answer = await one.post(key=key)
        assert (answer.status_code, answer.json()["reason"]) == (400, "idempotency-key")
    sent = [*bearer().items(), ("Idempotency-Key", "a"), ("Idempotency-Key", "a")]
    assert (await one.running.client.post("/api/things", headers=sent, content=b"{}")).status_code == 400
    assert not one.service.seen


async def test_reads_take_no_notice_of_keys(one: Gate) -> None:
    """Neither of well-formed nor of malformed ones."""
    for path in ("/api/search", "/api/search"):
        assert (await one.post(path, key="")).status_code == 200
    answer = await one.running.get("/api/things", headers={**bearer(), "Idempotency-Key": "k"})
    assert answer.status_code == 200
    assert len(one.service.seen) == 3
    assert one.met() == 0


async def test_an_answer_that_is_not_final_lets_the_request_come_again(one: Gate) -> None:
    """It reaches the service a second time."""
    for status in (401, 403, 408, 425, 429, 307):
        one.service.behave = raw(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)
        assert (await one.post(key=str(status))).status_code == status
        one.service.behave = None
        answer = await one.post(key=str(status))
        assert (answer.status_code, "idempotency-replayed" in answer.headers) == (200, False)


async def test_a_final_answer_is_given_again(one: Gate) -> None:
    """Errors too: the platform deletes a deployment and then answers 500."""
    for status in (204, 303, 400, 404, 409, 422, 500, 503):
        one.service.behave = raw(b"HTTP/1.1 %d Final\r\nContent-Length: 0\r\nX-Of: 1\r\n\r\n" % status)
        assert (await one.post(key=str(status))).status_code == status
        one.service.behave = None
        again = await one.post(key=str(status))
        assert (again.status_code, again.headers["x-of"]) == (status, "1")
        assert again.headers["idempotency-replayed"] == "true"
    assert len(one.service.seen) == 8


async def test_cookies_and_hop_headers_are_not_given_again(one: Gate) -> None:
    """A replay must not take anybody's session back to an earlier one."""
    one.service.behave = raw(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nSet-Cookie: session=1\r\nX-Hop: 1\r\nConnection: X-Hop\r\n\r\nok"
    )
    assert "set-cookie" in (await one.post()).headers
    again = await one.post()
    assert again.content == b"ok"
    assert not {"set-cookie", "x-hop"} & set(again.headers)


async def test_a_service_that_cannot_be_reached_frees_the_key(one: Gate) -> None:
    """Nothing was sent, so the request may come again at once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{free.getsockname()[1]}"
    async with running(table(gone, *ROUTES), settings=one.settings) as gateway:
        sent = {**bearer(), "Idempotency-Key": "k"}
        assert (await gateway.client.post("/api/things", headers=sent, content=b"{}")).status_code == 502
    assert (await one.post()).status_code == 200
    assert len(one.service.seen) == 1


async def test_a_request_whose_answer_never_came_is_not_sent_again(one: Gate) -> None:
    """The service hung up, or said nothing in time: nobody knows what it did, and the retry is told so."""
    one.service.behave = raw(b"", keep=False)
    assert (await one.post()).status_code == 502
    one.service.behave = held(asyncio.Event())
    assert (await one.post("/api/slow")).status_code == 504
    one.service.behave = None
    for path in ("/api/things", "/api/slow"):
        again = await one.post(path)
        assert (again.status_code, again.json()["reason"]) == (409, "key-outcome-unknown")
        assert "retry-after" not in again.headers
    assert len(one.service.seen) == 2


async def test_an_answer_that_broke_off_is_told_by_its_status(one: Gate) -> None:
    """The request was carried out; what it was answered is not whole."""
    one.service.behave = raw(b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\nhalf", keep=False)
    with pytest.raises(Exception, match="peer closed"):
        await one.post()
    again = await one.post()
    assert (again.status_code, again.json()["reason"]) == (409, "key-answered")
    assert "with 201" in again.json()["detail"]


async def test_an_answer_that_is_too_long_is_told_by_its_status(tmp_path: Path) -> None:
    """It passes whole the first time."""
    async with gates("embedded", tmp_path, idempotency=Idempotency(max_answer=10)) as gateway:
        gateway.service.behave = raw(b"HTTP/1.1 201 Created\r\nContent-Length: 11\r\n\r\nhello world")
        assert (await gateway.post()).content == b"hello world"
        again = await gateway.post()
        assert (again.status_code, again.json()["reason"]) == (409, "key-answered")
        assert len(gateway.service.seen) == 1


async def test_a_body_that_streams_is_compared_all_the_same(one: Gate) -> None:
    """An upload of megabytes passes once; the retry is read, compared and not passed on."""
    upload = b"x" * 3_000_000
    one.service.behave = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert (await one.post(body=upload)).status_code == 200
    again = await one.post(body=upload)
    assert again.headers["idempotency-replayed"] == "true"
    assert (await one.post(body=upload[:-1] + b"y")).status_code == 422
    assert len(one.service.seen) == 1
    assert one.service.seen[0].body == upload


async def test_an_upload_that_broke_off_frees_the_key(one: Gate) -> None:
    """What never arrived whole was not carried out."""
    one.service.reads_body = False
    one.service.behave = held(asyncio.Event())
    reader, writer = await asyncio.open_connection("127.0.0.1", one.running.port)
    token = bearer()["Authorization"]
    writer.write(
        f"POST /api/things HTTP/1.1\r\nHost: g\r\nAuthorization: {token}\r\nIdempotency-Key: k\r\n"
        "Content-Length: 1000000\r\n\r\nhalf".encode()
    )
    await arrived(one.service)
    writer.close()
    one.service.reads_body, one.service.behave = True, None
    assert (await one.until(200, body=b"z" * 1_000_000)).status_code == 200
    del reader


async def test_when_the_client_leaves_the_answer_is_kept_for_its_retry(both: Gate) -> None:
    """Before the head of the answer came, and in the middle of its body."""
    release = asyncio.Event()

    async def behave(seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if seen.values("idempotency-key") == ["late-head"]:
            await release.wait()
            return await respond(writer, 201, b"made-it")
        writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 7\r\n\r\nmade")
        await writer.drain()
        await release.wait()
        writer.write(b"-it")
        await writer.drain()
        return True

    both.service.behave = behave
    for count, key in enumerate(("late-head", "late-body"), 1):
        release.clear()
        _, writer = await asyncio.open_connection("127.0.0.1", both.running.port)
        token = bearer()["Authorization"]
        writer.write(
            f"POST /api/things HTTP/1.1\r\nHost: g\r\nAuthorization: {token}\r\nIdempotency-Key: {key}\r\n"
            "Content-Length: 2\r\n\r\n{}".encode()
        )
        await arrived(both.service, count)
        if key == "late-body":
            await asyncio.sleep(0.2)
        writer.transport.abort()
        await asyncio.sleep(0.2)
        assert (await both.post(key=key)).status_code == 409
        release.set()
        again = await both.until(201, key=key)
        assert (again.content, again.headers["idempotency-replayed"]) == (b"made-it", "true")
        assert len(both.service.seen) == count


async def test_event_streams_are_kept_when_they_end_by_themselves(one: Gate) -> None:
    """The retry gets all events at once; the key was paid for once."""
    events = b"data: 1\n\ndata: 2\n\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n" % len(events)
    one.service.behave = raw(head + events)
    for _ in range(2):
        assert (await one.post("/api/chat", Authorization="Bearer sk-1")).content == events
    assert len(one.service.seen) == 1


async def test_a_write_that_a_stopping_gateway_cut_is_known_as_lost(tmp_path: Path) -> None:
    """It drained for as long as it may; the next gateway says at once that nobody knows."""
    async with gates("embedded", tmp_path) as gateway:
        gateway.service.behave = held(asyncio.Event())
        hasty = replace(gateway.table, policy=replace(gateway.table.policy, drain=0.1))
        async with running(hasty, settings=gateway.settings) as stopping:
            first = asyncio.create_task(replace(gateway, running=stopping).post())
            await arrived(gateway.service)
        await asyncio.gather(first, return_exceptions=True)
        again = await gateway.post()
        assert (again.status_code, again.json()["reason"]) == (409, "key-outcome-unknown")
        assert len(gateway.service.seen) == 1


async def test_two_gateways_on_one_redis_send_one_write(tmp_path: Path) -> None:
    """Forty attempts at once on both, with eight keys: each key reaches the service once."""
    async with gates("shared", tmp_path) as first, running(first.table, settings=first.settings) as second:
        other = replace(first, running=second)
        attempts = [(one, f"key-{number % 8}") for number in range(20) for one in (first, other)]
        answers = await asyncio.gather(*(one.post(key=key) for one, key in attempts))
        # On a busy machine Redis may take longer than a gateway waits for it: then nothing was sent.
        assert {answer.status_code for answer in answers} <= {200, 409, 503}
        for one, key in attempts:
            await one.until(200, key=key)
        for one, key in attempts:
            assert (await one.until(200, key=key)).headers["idempotency-replayed"] == "true"
        keys = [seen.values("idempotency-key")[0] for seen in first.service.seen]
        assert sorted(keys) == [f"key-{number}" for number in range(8)]


async def test_while_the_ledger_is_away_writes_with_keys_wait_and_others_pass(tmp_path: Path) -> None:
    """503 with Retry-After, and the service sees nothing; when Redis is back so are they."""
    with redis_server() as server:
        async with upstream() as service, gate(service, settings(redis_url=server.url)) as gateway:
            server.kill()
            refused = await gateway.post()
            assert (refused.status_code, refused.json()["reason"]) == (503, "ledger")
            assert refused.headers["retry-after"] == "1"
            assert not service.seen
            assert (await gateway.post(key=None)).status_code == 200
            assert gateway.met(outcome="away") == 1
            server.start()
            assert (await gateway.until(200)).status_code == 200
    del tmp_path


async def test_redis_that_dies_in_flight_costs_no_answer(tmp_path: Path) -> None:
    """The client gets it; it is kept as soon as Redis is back, though Redis forgot the claim."""
    release = asyncio.Event()
    with redis_server() as server:
        async with upstream(held(release)) as service, gate(service, settings(redis_url=server.url)) as gateway:
            first = asyncio.create_task(gateway.post())
            await arrived(service)
            server.kill()
            release.set()
            assert (await first).content == b"late"
            server.start()
            deadline = asyncio.get_running_loop().time() + 10
            redis = gateway.running.gateway.context.redis
            assert redis is not None
            while not await redis.keys("cutover:idempotency:????????????????*"):
                assert asyncio.get_running_loop().time() < deadline
                await asyncio.sleep(0.05)
            assert (await gateway.post()).headers["idempotency-replayed"] == "true"
            assert len(service.seen) == 1
    del tmp_path


async def test_copies_leave_the_ledger_alone(one: Gate) -> None:
    """A dry run of a keyed write claims nothing, also twice; a malformed key shows in it."""
    for key, status in (("k", 200), ("k", 200), ("", 400)):
        mark = sign(
            one.settings.mark_key,
            mode=DRY_RUN,
            method="POST",
            target="/api/things",
            body=b"{}",
            now=one.settings.clock(),
        )
        sent = {**bearer(), "Idempotency-Key": key, MARK_HEADER: mark}
        assert (await one.running.internal.post("/api/things", headers=sent, content=b"{}")).status_code == status
    assert not one.service.seen
    assert one.met() == 0
    assert "idempotency-replayed" not in (await one.post()).headers


async def test_transparent_calls_are_claimed_too(both: Gate) -> None:
    """After a rollback the retry finds the first attempt; not even a malformed key is refused."""
    first = await both.post()
    both.running.flags = flags(both.table, Stage.SHADOW, left_shadow=True)
    again = await both.post()
    assert (again.headers["idempotency-replayed"], again.content) == ("true", first.content)
    assert (await both.post(key="")).status_code == 200
    assert len(both.service.seen) == 2


async def test_pages_may_send_the_key_and_read_that_an_answer_is_a_replay(one: Gate) -> None:
    """The header is allowed by the preflight and the replay header exposed."""
    asked = {
        "Origin": "https://app.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, idempotency-key",
    }
    preflight = await one.running.client.options("/api/things", headers=asked)
    assert "idempotency-key" in preflight.headers["access-control-allow-headers"]
    await one.post(Origin="https://app.example")
    again = await one.post(Origin="https://app.example")
    assert "Idempotency-Replayed" in again.headers["access-control-expose-headers"]


async def test_locations_are_said_in_the_gateways_terms_in_a_replay_too(one: Gate) -> None:
    """What is kept are the service's words; each path says them in its own."""
    host = one.service.address.removeprefix("http://")
    one.service.behave = raw(
        f"HTTP/1.1 201 Created\r\nLocation: http://{host}/things\r\nContent-Length: 0\r\n\r\n".encode()
    )
    for _ in range(2):
        assert (await one.post()).headers["location"] == "/api/things"


async def test_an_early_answer_while_the_body_still_comes_is_kept(one: Gate) -> None:
    """The service decided without the rest."""
    one.service.reads_body = False

    async def behave(_seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        await respond(writer, 413, b"too much")
        return False

    one.service.behave = behave
    for _ in range(2):
        assert (await one.post(body=b"x" * 1_000_000)).status_code == 413
    assert len(one.service.seen) == 1
