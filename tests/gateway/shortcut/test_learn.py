"""What is learnt, and that the shorter way comes to the same as the long one."""

from __future__ import annotations

import asyncio
import gc
import json
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.authorise.granted import Granted
from gateway.core.listening import Connections
from gateway.core.permissions import Permissions
from gateway.core.policy import Cors
from gateway.core.routes import Stage
from gateway.handle import Parts
from gateway.listen.heads import PEERS
from gateway.match import match
from gateway.shortcut.shortcut import Shortcut
from tests.apps import table as tables
from tests.apps.certificates import trusting, written
from tests.apps.echo import upstream
from tests.apps.gateways import running
from tests.apps.rawclient import RawClient
from tests.apps.redis_server import redis_server
from tests.apps.repeated import PATH, TOKEN, asked, dated, repeating, steady, things
from tests.apps.table import bearer, flags, token
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.apps.echo import Seen
    from tests.apps.rawclient import Answer
    from tests.apps.repeated import Repeating

TIMES = 5
HEADS: list[list[tuple[str, str]]] = [
    [TOKEN],
    [TOKEN, ("Origin", "http://page")],
    [TOKEN, ("Origin", "http://elsewhere")],
    [TOKEN, ("X-Request-ID", "my-own-id")],
    [TOKEN, ("X-Request-ID", "not sane: \xff")],
    [TOKEN, ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), ("tracestate", "a=1,b=2")],
    [TOKEN, ("traceparent", "no trace at all"), ("tracestate", "a=1")],
    [TOKEN, ("X-User-ID", "somebody else"), ("Cutover-Context", "forged"), ("X_Forwarded_For", "1.2.3.4")],
    [TOKEN, ("Connection", "x-nominated"), ("X-Nominated", "1"), ("X-Kept", "2")],
    [TOKEN, ("Accept", "a"), ("Accept", "b"), ("X-Bytes", "\xe9\xff"), ("Cookie", "a=1; b=2")],
    [("Authorization", bearer(sub="user-2", org_id=None, roles=["member", "other"])["Authorization"])],
]


async def _again(play: Repeating, target: str, head: list[tuple[str, str]]) -> list[Answer]:
    return [await play.ask(target, *head) for _ in range(TIMES)]


def _same(answers: list[Answer]) -> bool:
    return len({(steady(one.head.decode("latin-1")), one.body) for one in answers}) == 1


@pytest.mark.parametrize("head", HEADS, ids=lambda head: " ".join(name for name, _ in head))
async def test_answers_requests_and_log_lines_are_the_same(
    head: list[tuple[str, str]], capfd: pytest.CaptureFixture[str]
) -> None:
    """Whichever way a request goes, client, service and log see the same, but for what is new each time."""
    async with repeating(own=tables.settings(access_log=True)) as play:
        answers = await _again(play, PATH + "?a=1&a=%202", head)
        assert _same(answers)
        assert len({asked(seen) for seen in play.up.seen}) == 1
        assert play.shortcuts == TIMES - 2
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith('{"at"')]
    assert len({json.dumps({**line, "at": 0, "request_id": 0, "trace": 0, **_numbers(line)}) for line in lines}) == 1
    assert [line["left"] for line in lines] == [999, 998, 997, 996, 995]
    assert [list(line) for line in lines] == [list(lines[0])] * TIMES


def _numbers(line: dict[str, Any]) -> dict[str, Any]:
    assert 0 < line["upstream_seconds"] <= line["seconds"] < 10
    return {"seconds": 0, "upstream_seconds": 0, "left": 0}


async def test_what_must_be_new_is_new_each_time() -> None:
    """Request id, span and signed context are never told twice; a trace that the client began goes on."""
    async with repeating() as play:
        trace = ("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        ids = [one.header("x-request-id") for one in await _again(play, PATH, [TOKEN])]
        await _again(play, PATH, [TOKEN, trace])
        assert play.shortcuts == 2 * (TIMES - 2)
        seen = play.up.seen
    assert len(set(ids)) == TIMES
    assert [one.values("x-request-id") for one in seen[:TIMES]] == [[identity] for identity in ids]
    assert len({one.values("cutover-context")[0] for one in seen}) == 2 * TIMES
    traces = [one.values("traceparent")[0].split("-") for one in seen]
    assert len({span for _, _, span, _ in traces}) == 2 * TIMES
    assert len({trace for _, trace, _, _ in traces[:TIMES]}) == TIMES
    assert {trace for _, trace, _, _ in traces[TIMES:]} == {"0af7651916cd43dd8448eb211c80319c"}


NAMES = st.sampled_from(["Accept", "X-A", "x-b", "Cookie", "Origin", "X-Forwarded-For", "Via", "Te", "x-request-id"])
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"), max_size=12)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    head=st.lists(st.tuples(NAMES, VALUES), max_size=6),
    path=st.sampled_from([PATH, PATH + "/7"]),
    query=st.text("abc=&%20+:,@*-._~", max_size=12),
)
async def test_no_head_makes_a_difference(head: list[tuple[str, str]], path: str, query: str) -> None:
    """Whatever a client sends three times, the third answer and the third request are as the first."""
    async with repeating() as play:
        answers = [await play.ask(f"{path}?{query}", *head, TOKEN) for _ in range(3)]
        assert _same(answers)
        assert len({asked(seen) for seen in play.up.seen}) <= 1


@pytest.mark.parametrize(
    ("target", "head", "method"),
    [
        (PATH, [("Accept", "a")], "GET"),
        (PATH, [("Authorization", "Bearer forged")], "GET"),
        ("/api/nothing", [TOKEN], "GET"),
        (PATH, [TOKEN], "HEAD"),
        (PATH, [TOKEN], "POST"),
        (PATH, [TOKEN, ("Content-Length", "0")], "GET"),
        ("/.cutover/health", [TOKEN], "GET"),
    ],
)
async def test_what_is_not_plain_learns_nothing(target: str, head: list[tuple[str, str]], method: str) -> None:
    """Strangers, unknown paths, own pages, writes, and what has or may have a body always go the long way."""
    async with repeating() as play:
        for _ in range(TIMES):
            await play.ask(target, *head, method=method)
        assert play.shortcuts == 0


async def test_steps_of_a_test_or_a_seeded_defect_are_never_passed_by() -> None:
    """Where a step of the spine is another, every request meets it."""
    met: list[str] = []

    def noted(table: Any, request: Any, **options: Any) -> Any:
        met.append(request.target)
        return match(table, request, **options)

    async with (
        upstream() as up,
        running(things(up.address), parts=Parts(match=noted)) as gate,
        RawClient(gate.addresses.public) as client,
    ):
        for _ in range(TIMES):
            assert (await client.ask("GET", PATH, TOKEN)).status == 200
    assert len(met) == TIMES


async def test_limits_in_redis_are_asked_each_time() -> None:
    """Where gateways share their buckets, a token is Redis's to give."""
    with redis_server() as server:
        async with repeating(own=tables.settings(redis_url=server.url)) as play:
            answers = await _again(play, PATH, [TOKEN])
            assert play.shortcuts == 0
            assert [one.header("x-ratelimit-remaining") for one in answers] == ["999", "998", "997", "996", "995"]


async def test_another_peer_learns_for_itself() -> None:
    """Of whom a request is said to be depends on where it comes from, not on its bytes."""
    async with repeating() as play, RawClient(play.gate.addresses.public, source="127.0.0.2") as other:
        for _ in range(TIMES):
            for client in (play.client, other):
                await client.ask("GET", PATH, TOKEN)
        assert play.shortcuts == 2 * TIMES - 3
        told = [seen.values("x-forwarded-for") for seen in play.up.seen]
    assert told == [["127.0.0.1"], ["127.0.0.2"]] * TIMES


async def test_more_peers_than_are_remembered_do_not_drive_each_other_out() -> None:
    """Where more send the same head, those that have a way keep it, and the others learn nothing in vain."""
    async with repeating() as play, AsyncExitStack() as stack:
        others = [
            RawClient(play.gate.addresses.public, source=f"127.0.0.{number + 2}") for number in range(PEERS + 4)
        ]
        for one in others:
            await stack.enter_async_context(one)
        for _ in range(TIMES):
            for one in others:
                await one.ask("GET", PATH, TOKEN)
        assert play.shortcuts == PEERS * (TIMES - 1)


async def test_what_still_holds_is_not_learnt_again() -> None:
    """A request that went the long way for another reason, such as no connection at rest, changes nothing."""
    async with repeating() as play:
        await play.shortened()

        def learnt() -> list[Shortcut]:
            known = [one for one in gc.get_objects() if type(one) is Shortcut]
            return [one for one in known if one._context is play.gate.gateway.context]

        before = learnt()
        play.gate.gateway.context.pool.close()
        await play.ask()
        assert learnt() == before
        await play.shortened()


async def test_tokens_of_two_people_are_never_mixed_up() -> None:
    """Each caller's head leads to his own identity, whoever asks in between."""
    heads = [("Authorization", f"Bearer {token(sub=f'user-{number}')}") for number in range(5)]
    async with repeating(cors=Cors()) as play:
        for _ in range(TIMES):
            for head in heads:
                await play.ask(PATH, head)
        assert play.shortcuts == len(heads) * (TIMES - 2)
        users = [seen.values("x-user-id") for seen in play.up.seen]
    assert users == [[f"user-{number}"] for number in range(5)] * TIMES


async def test_public_routes_are_plain_too() -> None:
    """Without an account the address's bucket pays."""
    public = replace(tables.route("open", "compute", "GET /open", "GET /api/open", access="public"), limit="read")
    async with upstream(dated) as up, repeating(made=replace(things(up.address), routes=(public,))) as play:
        answers = await _again(play, "/api/open", [("Accept", "a")])
        assert [one.header("x-ratelimit-remaining") for one in answers] == ["999", "998", "997", "996", "995"]
        assert _same(answers)


@asynccontextmanager
async def _learning(**policy: Any) -> AsyncIterator[tuple[Repeating, asyncio.Event]]:
    """The request that a shortcut would be learnt from waits for its service until the event comes."""
    go = asyncio.Event()

    async def behave(seen: Seen, reader: Any, writer: Any) -> bool:
        if len(play.up.seen) == 2:
            await go.wait()
        return await dated(seen, reader, writer)

    async with repeating(behave, **policy) as play:
        context = play.gate.gateway.context
        needed = tuple(replace(one, permission="things:read") for one in context.table.routes)
        play.gate.gateway.reload(replace(context.table, routes=needed))
        await play.ask()
        await play.client.send("GET", PATH, TOKEN)
        await eventually(lambda: len(play.up.seen) == 2)
        yield play, go


GRANTED = Permissions(roles={"admin": ("things:read",)})


@pytest.mark.parametrize(("left", "status"), [(True, 200), (False, 404)])
async def test_rollback_while_it_is_learnt_is_obeyed(left: bool, status: int) -> None:  # noqa: FBT001 - a case
    """What a request was let through on is what its shortcut holds on, not what the flags said when it ended."""
    async with _learning(permissions=GRANTED) as (play, go):
        made = play.gate.gateway.context.table
        play.gate.flags = flags(made, Stage.LEGACY, left_shadow=True) if left else flags(made, Stage.SHADOW)
        go.set()
        assert (await play.client.receive()).status == 200
        for _ in range(3):
            assert (await play.ask()).status == status
            assert play.up.seen[-1].values("cutover-context") == [] or not left
        assert play.shortcuts == 0


async def test_permission_taken_back_while_it_is_learnt_is_gone() -> None:
    """Roles that hold no more when the request ends are no ground for the next one."""
    async with _learning(permissions=GRANTED) as (play, go):
        context = play.gate.gateway.context
        context.rights.grants._granted = Granted(context.table, {})
        go.set()
        assert (await play.client.receive()).status == 200
        assert [(await play.ask()).status for _ in range(3)] == [403] * 3
        assert play.shortcuts == 0


async def test_reload_lets_go_of_the_old_table() -> None:
    """What was learnt under it is gone at once, also where the same head never comes again."""
    async with repeating() as play:
        context = play.gate.gateway.context
        for number in range(5):
            await play.shortened(f"{PATH}/{number}")

        def kept() -> int:
            return sum(type(one) is Shortcut and one._context is context for one in gc.get_objects())

        assert kept() == 5
        play.gate.gateway.reload(replace(context.table))
        assert kept() == 0
        await play.shortened()


async def test_pages_that_the_policy_does_not_name_are_one() -> None:
    """A client that makes up one Origin after the other is not remembered for each."""
    async with repeating() as play:
        answers = [await play.shortened(PATH, TOKEN, ("Origin", f"http://{number}")) for number in range(20)]
        assert _same(answers)
        assert len(play.gate.gateway._shortcuts._manners) == 1


async def test_over_tls_it_is_the_same_way(tmp_path: Path) -> None:
    """Scheme and HSTS are those of the connection, up to the answer that ends it."""
    tls, bound = written(tmp_path), Connections(requests=TIMES)
    async with (
        upstream(dated) as up,
        running(things(up.address, tls=tls, connections=bound)) as gate,
        RawClient(f"http://127.0.0.1:{gate.port}") as client,
    ):
        trusted = trusting(tls, "http/1.1")
        client.reader, client.writer = await asyncio.open_connection("127.0.0.1", gate.port, ssl=trusted)
        answers = [await client.ask("GET", PATH, TOKEN) for _ in range(TIMES)]
        assert client.reconnects == -1
        assert gate.gateway.context.metrics.value("cutover_shortcuts_total") == TIMES - 2
        assert (
            len({(steady(one.head.decode().replace("connection: close\r\n", "")), one.body) for one in answers}) == 1
        )
        assert [one.header("connection") for one in answers] == [""] * (TIMES - 1) + ["close"]
        assert all(one.header("strict-transport-security") for one in answers)
        assert len({asked(seen) for seen in up.seen}) == 1
        assert up.seen[-1].values("x-forwarded-proto") == ["https"]
