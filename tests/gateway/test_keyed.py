"""Keys on the gateway path where nobody is turned away, and where what a retry names is gone."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from gateway.caller import Caller
from gateway.circuit import State
from gateway.core.credentials import Credentials, Jwks
from gateway.core.mark import DRY_RUN, MARK_HEADER, READ, TRIAL, sign
from gateway.core.permissions import Permissions
from gateway.core.resilience import CircuitPolicy, RetryPolicy
from gateway.core.routes import Access, Effect, Lookup, Stage
from gateway.handle import Parts
from gateway.problem import Hidden
from gateway.store.database import open_store
from tests.apps.echo import raw, respond, upstream
from tests.apps.gateways import Running, running
from tests.apps.issuer import issuing, jwk, private_pem, rsa_key
from tests.apps.redis_server import redis_server
from tests.apps.table import ORGANISATION, bearer, flags, place, route, settings, table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.apps.echo import Seen, Upstream

OWNER = Lookup("things.get", ("org_id",), place("path.id"))
ROUTES = (
    route("things.get", "compute", "GET /things/{id}", "GET /api/things/{id}"),
    replace(
        route("things.end", "compute", "DELETE /things/{id}", "DELETE /api/things/{id}", permission="thing:delete"),
        lookups=(OWNER,),
    ),
    route("things.make", "compute", "POST /things", "POST /api/things"),
    route("users.make", "front", "POST /users", "POST /api/users"),
    route("chat", "front", "POST /chat", "POST /api/chat", access=Access.API_KEY, effect=Effect.METERED),
    route("login", "front", "POST /login", "POST /api/login", access=Access.PUBLIC),
)
POLICY: dict[str, Any] = {
    "permissions": Permissions({"admin": ("*",), "member": ("thing:read",)}),
    "circuit": CircuitPolicy(failures=0.5, least=4, window=30, open=30, trials=1),
    "retries": RetryPolicy(0, 0),
}
FORGED = bearer(secret="x" * 40)
STALE = bearer(exp=1)


@dataclass
class Things:
    """A service whose things have owners and can be deleted; `hold` keeps back the answer to a write."""

    owners: dict[str, str] = field(default_factory=lambda: {"1": ORGANISATION, "2": ORGANISATION})
    hold: asyncio.Event | None = None

    async def behave(self, seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Look up, delete, or make a thing: 201 with a body of its own each time."""
        name = seen.target.rpartition("/")[2]
        if seen.method == "GET":
            owner = self.owners.get(name)
            return await respond(writer, 200 if owner else 404, b'{"org_id":"%s"}' % (owner or "").encode())
        found = self.owners.pop(name, None)
        if self.hold is not None:
            await self.hold.wait()
        if seen.method == "POST":
            return await respond(writer, 201, seen.values("x-request-id")[0].encode())
        return await respond(writer, 204 if found else 404)


@dataclass
class Gate:
    """A gateway over a service with things."""

    running: Running
    service: Upstream
    things: Things

    async def post(self, key: str = "k", path: str = "/api/things", **options: Any) -> httpx.Response:
        """A write with a key, of user-1 unless `headers` say otherwise."""
        options = {"headers": bearer(), "content": b"{}", **options}
        sent = {**options.pop("headers"), "Idempotency-Key": key}
        return await self.running.client.post(path, headers=sent, **options)

    async def delete(self, key: str | None = "k", name: str = "1", **options: Any) -> httpx.Response:
        """Delete a thing."""
        named = {} if key is None else {"Idempotency-Key": key}
        sent = {**(options.pop("headers", None) or bearer()), **named}
        return await self.running.client.request("DELETE", f"/api/things/{name}", headers=sent, **options)

    def roll_back(self, stage: Stage = Stage.SHADOW) -> None:
        """From now on calls are transparent."""
        self.running.flags = flags(self.running.gateway.context.table, stage, left_shadow=True)

    def serve(self) -> None:
        """From now on calls are served."""
        self.running.flags = flags(self.running.gateway.context.table)

    def forget(self, name: str) -> None:
        """Let the gateway ask again whose a thing is, as it does after a while."""
        context = self.running.gateway.context
        context.rights.live.forget(context.table, Caller("jwt", "user-1", ORGANISATION), "", (name,))

    def met(self, **labels: str) -> int:
        """What the metric says."""
        return self.running.gateway.context.metrics.value("cutover_idempotency_total", **labels)

    def writes(self) -> int:
        """How many reached the service."""
        return sum(seen.method != "GET" for seen in self.service.seen)


@asynccontextmanager
async def over(directory: Path, **secrets: str) -> AsyncIterator[Gate]:
    """A gateway over the store in a directory."""
    things = Things()
    store = directory / "cutover.db"
    open_store(store).close()
    async with (
        upstream(things.behave) as service,
        running(table(service.address, *ROUTES, **POLICY), settings=settings(store=store, **secrets)) as made,
    ):
        yield Gate(made, service, things)


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    """A gateway over the store."""
    async with over(tmp_path) as made:
        yield made


def replayed(answer: httpx.Response) -> bool:
    """Whether an answer says that it was kept."""
    return answer.headers.get("idempotency-replayed") == "true"


async def until(gate: Gate, count: int) -> None:
    """Wait for so many writes at the service."""
    deadline = asyncio.get_running_loop().time() + 10
    while gate.writes() < count:
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("stage", [Stage.SHADOW, Stage.LEGACY])
async def test_a_rollback_in_mid_retry_is_one_write(gate: Gate, stage: Stage) -> None:
    """Served, then transparent with a refreshed token, and the other way round: the first answer again."""
    first = await gate.post("one")
    gate.roll_back(stage)
    again = await gate.post("one", headers=bearer(iat=1))
    other = await gate.post("other")
    gate.serve()
    last = await gate.post("other", headers=bearer(iat=1))
    assert [answer.status_code for answer in (first, again, other, last)] == [201] * 4
    assert [replayed(answer) for answer in (first, again, other, last)] == [False, True, False, True]
    assert (again.content, last.content) == (first.content, other.content)
    assert gate.writes() == 2
    assert (gate.met(outcome="claimed"), gate.met(outcome="replayed")) == (2, 2)


async def test_a_transparent_call_meets_what_a_served_one_meets(gate: Gate) -> None:
    """409 while the first is under way, 422 for another request; another user has keys of its own."""
    gate.things.hold = asyncio.Event()
    first = asyncio.create_task(gate.post())
    await until(gate, 1)
    gate.roll_back()
    waiting = await gate.post()
    gate.things.hold.set()
    assert (waiting.status_code, waiting.json()["reason"]) == (409, "key-in-flight")
    assert (await first).status_code == 201
    other = await gate.post(content=b"[]")
    assert (other.status_code, other.json()["reason"]) == (422, "key-reused")
    assert not replayed(await gate.post(headers=bearer(sub="user-2")))
    assert gate.writes() == 2


@pytest.mark.parametrize("key", ["", "k" * 256, '"open'])
async def test_a_malformed_key_passes_as_it_is(gate: Gate, key: str) -> None:
    """Legacy never looked at it."""
    gate.roll_back()
    assert [(await gate.post(key)).status_code for _ in range(2)] == [201, 201]
    assert [seen.values("idempotency-key") for seen in gate.service.seen] == [[key], [key]]
    assert gate.met() == 0


async def test_while_the_ledger_is_away_transparent_calls_go_on() -> None:
    """Served ones wait; what legacy was asked meanwhile is entered when the ledger is back."""
    things = Things()
    with redis_server() as server:
        async with (
            upstream(things.behave) as service,
            running(table(service.address, *ROUTES, **POLICY), settings=settings(redis_url=server.url)) as made,
        ):
            gate = Gate(made, service, things)
            server.kill()
            assert (await gate.post("served")).status_code == 503
            gate.roll_back()
            first = await gate.post()
            assert [first.status_code, (await gate.post()).status_code] == [201, 201]
            assert gate.writes() == 2
            assert gate.met(outcome="away") == 3
            server.start()
            gate.serve()
            redis, deadline = made.gateway.context.redis, asyncio.get_running_loop().time() + 10
            assert redis is not None
            while not await redis.keys("cutover:idempotency:????????????????*"):
                assert asyncio.get_running_loop().time() < deadline
                await asyncio.sleep(0.05)
            again = await gate.post()
            assert (replayed(again), again.content) == (True, first.content)


async def test_a_transparent_write_passes_an_open_circuit_and_moves_none(gate: Gate) -> None:
    """With a key as without one."""
    context = gate.running.gateway.context
    gate.service.behave = raw(b"", keep=False)
    gate.roll_back()
    assert [(await gate.post(str(number))).status_code for number in range(6)] == [502] * 6
    assert context.resilience.states(context.table)["compute"] is State.CLOSED
    gate.serve()
    for number in range(6, 12):
        await gate.post(str(number))
    gate.service.behave = gate.things.behave
    gate.roll_back()
    assert (await gate.post("last")).status_code == 201
    assert context.resilience.states(context.table)["compute"] is State.OPEN


@pytest.mark.parametrize(
    "credential", [FORGED, {"Authorization": "Bearer sk-1"}, {"Authorization": "Basic eDp5"}, {}]
)
async def test_whoever_could_not_be_verified_has_keys_of_its_own(gate: Gate, credential: dict[str, str]) -> None:
    """Known by the whole credential, or by the address: the user it names is neither found nor kept from anything."""
    first = await gate.post()
    gate.roll_back()
    stranger = await gate.post(headers=credential)
    assert (stranger.status_code, replayed(stranger)) == (201, False)
    again = await gate.post(headers=credential)
    assert (again.content, replayed(again)) == (stranger.content, True)
    assert (await gate.post()).content == first.content
    assert gate.writes() == 2


async def test_a_token_that_ran_out_during_a_rotation_names_its_user(tmp_path: Path) -> None:
    """Signed with the former secret, it is told of what was written with the present one, and writes nothing."""
    async with over(tmp_path, jwt_secret_previous="f" * 40) as gate:
        await gate.post()
        gate.roll_back()
        told = await gate.post(headers=bearer(secret="f" * 40, exp=1))
        assert (told.status_code, told.json()["reason"]) == (409, "key-answered")
        assert gate.writes() == 1


async def test_a_token_that_ran_out_names_its_user_where_the_service_asks_nobody(gate: Gate) -> None:
    """The retry with the very token gets the answer, another expired one is only told; neither writes again."""
    first = await gate.post(headers=bearer(iat=1))
    gate.roll_back()
    told = await gate.post(headers=STALE)
    assert (told.status_code, told.json()["reason"]) == (409, "key-answered")
    assert gate.writes() == 1
    stale = await gate.post("other", headers=STALE)
    again = await gate.post("other", headers=STALE)
    assert (stale.status_code, replayed(again), again.content) == (201, True, stale.content)
    gate.serve()
    refreshed = await gate.post("other")
    assert (replayed(refreshed), refreshed.content) == (True, stale.content)
    assert first.content != stale.content


async def test_a_service_that_refuses_an_expired_token_is_asked(gate: Gate) -> None:
    """It says so itself; the ledger is not touched, and no kept answer is given."""
    await gate.post(path="/api/users")
    gate.roll_back()
    gate.service.behave = raw(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
    for _ in range(2):
        assert (await gate.post(path="/api/users", headers=STALE)).status_code == 401
    assert gate.writes() == 3
    assert gate.met() == 1


async def test_holders_of_api_keys_and_strangers_find_their_writes(gate: Gate) -> None:
    """By credential and by address, as when they are served."""
    for path, sent in (("/api/chat", {"Authorization": "Bearer sk-1"}), ("/api/login", {})):
        gate.serve()
        first = await gate.post(path=path, headers=sent)
        gate.roll_back()
        again = await gate.post(path=path, headers=sent)
        assert (first.status_code, replayed(again), again.content) == (201, True, first.content)
    assert not replayed(await gate.post(path="/api/chat", headers={"Authorization": "Bearer sk-2"}))
    assert gate.writes() == 3


async def test_tokens_of_an_issuer_are_told_apart_as_far_as_its_keys_are_known(tmp_path: Path) -> None:
    """A forged one has keys of its own; one that cannot be checked now names its user, who gets its own answer."""
    things, store = Things(), tmp_path / "cutover.db"
    open_store(store).close()
    genuine, forged = (bearer(secret=private_pem(rsa_key(name)), algorithm="RS256") for name in ("1", "2"))
    refreshed = bearer(secret=private_pem(rsa_key("1")), algorithm="RS256", iat=1)
    async with issuing(jwk(rsa_key("1"))) as issuer, upstream(things.behave) as service:
        credentials = Credentials(jwks=Jwks(issuer.url))
        known = table(service.address, *ROUTES, **POLICY, algorithms=("RS256",), credentials=credentials)
        async with running(known, settings=settings(store=store)) as made:
            gate = Gate(made, service, things)
            first = await gate.post(headers=genuine)
            assert first.status_code == 201
            gate.roll_back()
            stranger = await gate.post(headers=forged)
            assert (stranger.status_code, replayed(stranger)) == (201, False)
            assert replayed(await gate.post(headers=refreshed))
        issuer.status = 503
        async with running(known, settings=settings(store=store)) as made:
            gate = Gate(made, service, things)
            gate.roll_back()
            await gate.post("warm", headers=genuine)
            told = await gate.post(headers=refreshed)
            assert (told.status_code, told.json()["reason"]) == (409, "key-answered")
            assert (await gate.post(headers=genuine)).content == first.content
    assert sum(seen.values("idempotency-key") == ["k"] for seen in service.seen) == 2


async def test_a_retried_delete_gets_the_first_answer(gate: Gate) -> None:
    """The thing is gone, and whose it was cannot be looked up; a refreshed token is the same user."""
    first = await gate.delete()
    again = await gate.delete(headers=bearer(iat=1))
    assert (first.status_code, again.status_code, replayed(again)) == (204, 204, True)
    assert gate.writes() == 1
    assert (gate.met(outcome="claimed"), gate.met(outcome="replayed")) == (1, 1)


@pytest.mark.parametrize(
    "retry",
    [
        {"headers": bearer(sub="user-2")},
        {"headers": bearer(org_id="org-2")},
        {"key": "other"},
        {"key": None},
        {"key": ""},
        {"name": "3"},
        {"content": b"{}"},
    ],
)
async def test_whoever_has_no_answer_to_the_same_request_learns_nothing(gate: Gate, retry: dict[str, Any]) -> None:
    """Another user, organisation, key, thing or body: the 404 that everybody gets, twice, and no key is claimed."""
    assert (await gate.delete()).status_code == 204
    for _ in range(2):
        answer = await gate.delete(**{"key": "k", **retry})
        assert (answer.status_code, answer.json()["reason"], replayed(answer)) == (404, "scope", False)
        assert "idempot" not in answer.text.lower()
    assert gate.writes() == 1
    assert gate.met() == 1


async def test_a_look_leaves_the_key_free(gate: Gate) -> None:
    """What was hidden from a caller may come to be, and then the same key is good for it."""
    assert (await gate.delete(name="3")).status_code == 404
    gate.things.owners["3"] = ORGANISATION
    gate.forget("3")
    answer = await gate.delete(name="3")
    assert (answer.status_code, replayed(answer)) == (204, False)


async def test_only_a_finished_answer_is_given_for_what_is_gone(gate: Gate) -> None:
    """While the first is under way the retry meets the 404, as it would without a key."""
    gate.things.hold = asyncio.Event()
    first = asyncio.create_task(gate.delete())
    await until(gate, 1)
    gate.forget("1")
    assert (await gate.delete()).status_code == 404
    gate.things.hold.set()
    assert (await first).status_code == 204
    assert replayed(await gate.delete())
    assert gate.writes() == 1


async def test_an_answer_that_was_not_kept_whole_is_none(gate: Gate) -> None:
    """It broke off: the retry meets the 404 rather than half of it."""
    gate.service.behave = _cut(gate.things)
    with pytest.raises(httpx.RemoteProtocolError):
        await gate.delete()
    gate.forget("1")
    assert (await gate.delete()).status_code == 404
    assert gate.writes() == 1


def _cut(things: Things) -> Any:
    async def behave(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        if seen.method == "GET":
            return await things.behave(seen, reader, writer)
        things.owners.clear()
        return await raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", keep=False)(seen, reader, writer)

    return behave


async def test_nobody_in_particular_is_answered_from_memory_where_things_are_hidden(tmp_path: Path) -> None:
    """An address is no proof: only a verified caller's key is looked at."""
    things, store, hidden = Things(), tmp_path / "cutover.db", asyncio.Event()
    open_store(store).close()

    async def hiding(*_arguments: Any, **_options: Any) -> None:
        if hidden.is_set():
            raise Hidden(failed="path.id")

    async with (
        upstream(things.behave) as service,
        running(
            table(service.address, *ROUTES, **POLICY), settings=settings(store=store), parts=Parts(authorise=hiding)
        ) as made,
    ):
        gate = Gate(made, service, things)
        assert (await gate.post(path="/api/login", headers={})).status_code == 201
        assert replayed(await gate.post(path="/api/login", headers={}))
        hidden.set()
        assert (await gate.post(path="/api/login", headers={})).status_code == 404


async def test_other_refusals_stand(gate: Gate) -> None:
    """A lost permission, a forged token and another's thing are refused, whatever the key has."""
    assert (await gate.delete()).status_code == 204
    assert (await gate.delete(headers=bearer(roles=["member"]))).status_code == 403
    assert (await gate.delete(headers=FORGED)).status_code == 401
    gate.things.owners["2"] = "org-2"
    assert (await gate.delete(name="2")).status_code == 404
    assert gate.writes() == 1


async def test_a_body_that_streams_is_compared_before_its_answer_is_given(gate: Gate) -> None:
    """Megabytes pass by and are not held; another body is another request."""
    upload = b"x" * 2_000_000
    assert (await gate.delete(content=upload)).status_code == 204
    assert replayed(await gate.delete(content=upload))
    assert (await gate.delete(content=upload[:-1] + b"y")).status_code == 404
    assert gate.writes() == 1


async def test_while_the_ledger_is_away_what_is_gone_stays_404() -> None:
    """Nothing is known of a first attempt."""
    things = Things()
    with redis_server() as server:
        async with (
            upstream(things.behave) as service,
            running(table(service.address, *ROUTES, **POLICY), settings=settings(redis_url=server.url)) as made,
        ):
            gate = Gate(made, service, things)
            assert (await gate.delete()).status_code == 204
            server.kill()
            assert (await gate.delete()).status_code == 404


async def test_copies_get_no_kept_answer(gate: Gate) -> None:
    """A trial of the same request is refused, a dry run passes, and a delivered copy of what costs is delivered."""
    client, context = gate.running.internal, gate.running.gateway.context
    assert (await gate.delete()).status_code == 204

    async def copy(mode: str, method: str, target: str, body: bytes = b"", **sent: str) -> httpx.Response:
        signed = sign(
            context.settings.mark_key,
            mode=mode,
            method=method,
            target=target,
            body=body,
            now=context.settings.clock(),
        )
        headers = {**bearer(), "Idempotency-Key": "k", MARK_HEADER: signed, **sent}
        return await client.request(method, target, headers=headers, content=body)

    assert (await copy(TRIAL, "DELETE", "/api/things/1")).status_code == 404
    assert (await copy(DRY_RUN, "DELETE", "/api/things/1")).status_code == 200
    for _ in range(2):
        answer = await copy(READ, "POST", "/api/chat", b"{}", Authorization="Bearer sk-1")
        assert (answer.status_code, replayed(answer)) == (201, False)
    assert gate.met() == 1
