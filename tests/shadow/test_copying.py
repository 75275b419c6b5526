from __future__ import annotations

import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.config import load_table
from gateway.core.exchange import Exchange, Request, Response
from gateway.core.mark import REFUSED_HEADER
from gateway.core.observation import Bucket, Verdict
from shadow.copying import LATE, SETTLING, Copier
from shadow.envelope import Copy, Outcome
from shadow.mirror import Mirror
from shadow.observe import Setting
from shadow.plan import Copying
from tests.apps import candidate
from tests.apps.oddities import Oddities, answer, plain
from tests.apps.shadowed import ROUTES, write_table

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.apps.oddities import Head

KEY = b"k" * 32
METERED = """\
  - {id: chat, service: svc, legacy: POST /chat, gateway: POST /api/v1/chat, effect: metered, access: public,
     shadow: {budget: 1}}
  - {id: ask, service: svc, legacy: POST /ask, gateway: POST /api/v1/ask, effect: metered, access: public,
     shadow: {budget: 5}, platform_limit: {rate: 10}}
"""


@asynccontextmanager
async def copier(
    directory: Path, legacy: Oddities, internal: Oddities, mirroring: str = "second: 0, slow: off", **limits: float
) -> AsyncIterator[Copier]:
    """A copier over a stand-in service and gateway."""
    config = write_table(
        directory, legacy.address, internal=internal.port, routes=ROUTES + METERED, mirroring=mirroring
    )
    table = load_table(config)
    setting = Setting(table, KEY, {}, table.policy.public_url, "v", time.time)
    async with Mirror(f"http://{internal.address}", KEY, **limits) as mirror:  # type: ignore[arg-type]
        yield Copier(table, mirror, lambda: setting)


def read(number: str = "7", copying: Copying = Copying.READ, body: bytes | None = None) -> Copy:
    """A read of one item as legacy answered it."""
    request = Request("GET", f"/items/{number}", (("Host", "platform.example:8000"),), client="192.0.2.1")
    response = Response(
        200, (("content-type", "application/json"),), body or b'{"target":"/items/%s"}' % number.encode()
    )
    return Copy(
        "items.get", {"id": number}, copying, "u-1", Exchange("x", "svc", request, response, time.time(), 0, 0)
    )


def parsed(wire: bytes) -> Response:
    """An answer of the stand-in service as captured."""
    head, _, body = wire.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")[1:]
    return Response(200, tuple((line.partition(": ")[0], line.partition(": ")[2]) for line in lines), body)


def write(route: str, target: str) -> Copy:
    """A write as legacy took it."""
    request = Request("POST", target, (("Host", "h"), ("Content-Length", "2")), b"{}")
    return Copy(route, {}, Copying.METERED, "u-1", Exchange("x", "svc", request, Response(201), time.time(), 0, 0))


async def test_a_read_is_compared(tmp_path: Path) -> None:
    """A read that both sides answer lands in `compared` with its observation."""
    async with Oddities() as legacy, Oddities() as internal, copier(tmp_path, legacy, internal) as made:
        internal.override = candidate.faithful
        done = await made.copy(read(), 0)
        assert done.outcome == Outcome("x", Bucket.COMPARED)
        assert done.observation is not None
        assert (done.observation.subject, done.observation.mode) == ("u-1", "read")
        assert internal.deliveries == {"GET /api/v1/items/7": 1}


async def test_legacy_is_asked_once_more_when_the_two_differ(tmp_path: Path) -> None:
    """A difference in a read costs one second legacy read, and no more."""
    async with Oddities() as legacy, Oddities() as internal, copier(tmp_path, legacy, internal) as made:
        internal.override = candidate.faithful
        done = await made.copy(read(body=b'{"target":"something else"}'), 0)
        assert done.outcome.bucket is Bucket.COMPARED
        assert done.observation is not None
        assert done.observation.verdict in {Verdict.MISMATCH, Verdict.INCONCLUSIVE}
        assert legacy.deliveries == {"GET /items/7": 1}
        assert done.lesson is None


async def test_of_a_sample_legacy_is_asked_a_second_time_in_any_case(tmp_path: Path) -> None:
    """Also when both sides agree; what it then says is learned from, and a write is never sent twice."""
    async with (
        Oddities() as legacy,
        Oddities() as internal,
        copier(tmp_path, legacy, internal, mirroring="second: 100%") as made,
    ):
        internal.override = candidate.faithful
        body = plain("/items/7").partition(b"\r\n\r\n")[2]
        done = await made.copy(read(body=body), 0)
        assert legacy.deliveries == {"GET /items/7": 1}
        assert done.lesson is not None
        assert done.lesson.route == "items.get"
        await made.copy(write("items.create", "/items"), 0)
        assert legacy.deliveries == {"GET /items/7": 1}


async def test_a_route_may_have_a_sample_of_its_own(tmp_path: Path) -> None:
    """Its share of second reads stands above the table's."""
    often = ROUTES.replace("access: public}", "access: public, shadow: {second: 100%}}", 1)
    async with Oddities() as legacy, Oddities() as internal:
        internal.override = candidate.faithful
        table = load_table(write_table(tmp_path, legacy.address, internal=internal.port, routes=often))
        setting = Setting(table, KEY, {}, table.policy.public_url, "v", time.time)
        async with Mirror(f"http://{internal.address}", KEY) as mirror:
            primary = read()
            primary = replace(primary, exchange=replace(primary.exchange, response=parsed(plain("/items/7"))))
            done = await Copier(table, mirror, lambda: setting).copy(primary, 0)
        assert done.lesson is not None
        assert legacy.deliveries == {"GET /items/7": 1}


async def test_a_wrong_answer_now_and_then_is_intermittent(tmp_path: Path) -> None:
    """Legacy says the same twice, the gateway once something else and, asked again, the same: that is a mismatch."""
    wrong = iter([b'{"target":"/items/8"}'])

    async def now_and_then(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:
        if said := next(wrong, None):
            writer.write(plain("/items/7").replace(b'{"target":"/items/7"}', said))
        else:
            await candidate.faithful(head, body, writer)

    async with Oddities() as legacy, Oddities() as internal, copier(tmp_path, legacy, internal) as made:
        internal.override = now_and_then
        first = parsed(plain("/items/7"))
        primary = read()
        done = await made.copy(replace(primary, exchange=replace(primary.exchange, response=first)), 0)
        assert done.observation is not None
        assert done.observation.verdict is Verdict.MISMATCH
        assert [str(one.kind) for one in done.observation.differences] == ["intermittent"]
        assert (legacy.deliveries, internal.deliveries) == ({"GET /items/7": 1}, {"GET /api/v1/items/7": 2})


async def test_a_metered_route_makes_real_copies_within_its_budget(tmp_path: Path) -> None:
    """One real copy an hour where the budget is one; the rest are dry runs."""
    async with Oddities() as legacy, Oddities() as internal, copier(tmp_path, legacy, internal) as made:
        internal.override = candidate.faithful
        for _ in range(3):
            await made.copy(write("chat", "/chat"), 0)
        modes = [dict(head[2])["Cutover-Copy"].partition(";")[0] for head in internal.heads]
        assert modes == ["read", "dry-run", "dry-run"]


async def test_a_refusal_is_recorded_by_subject(tmp_path: Path) -> None:
    """When the gateway's own policy refuses a copy, subject, status and reason are known."""

    async def refusing(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - always so
        problem = b'{"title":"Forbidden","status":403,"detail":"Permission denied","reason":"scope"}'
        writer.write(
            answer("403 Forbidden", problem, (REFUSED_HEADER, "1"), ("content-type", "application/problem+json"))
        )

    async with Oddities() as legacy, Oddities() as internal, copier(tmp_path, legacy, internal) as made:
        internal.override = refusing
        done = await made.copy(read(), 0)
        assert done.refusal is not None
        assert (done.refusal.subject, done.refusal.status, done.refusal.reason) == ("u-1", 403, "scope")
        assert done.observation is not None
        assert done.observation.refused == 403


async def test_what_legacy_refuses_too_locks_nobody_out(tmp_path: Path) -> None:
    """It is compared, and is no would-be refusal: nothing changes for the subject."""

    async def refusing(head: Head, body: bytes, writer: asyncio.StreamWriter) -> None:  # noqa: ARG001 - always so
        writer.write(answer("403 Forbidden", b'{"title":"Forbidden"}', (REFUSED_HEADER, "1")))

    async with Oddities() as legacy, Oddities() as internal, copier(tmp_path, legacy, internal) as made:
        internal.override = refusing
        refused = read()
        refused = replace(refused, exchange=replace(refused.exchange, response=Response(403)))
        done = await made.copy(refused, 0)
        assert done.refusal is None
        assert done.observation is not None
        assert (done.observation.refused, done.observation.verdict) == (403, Verdict.EXPECTED)


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (candidate.silent, Outcome("x", Bucket.TIMED_OUT, "timeout")),
        (candidate.resetting, Outcome("x", Bucket.FAILED, "broken")),
        (candidate.flooding, Outcome("x", Bucket.OVERSIZE, "copy")),
    ],
)
async def test_a_failing_gateway_has_its_buckets(behaviour: object, expected: Outcome, tmp_path: Path) -> None:
    """Hanging, breaking and flooding copies are counted apart, and each is a failed observation."""
    async with (
        Oddities() as legacy,
        Oddities() as internal,
        copier(tmp_path, legacy, internal, deadline=0.5, limit=100_000) as made,
    ):
        internal.override = behaviour  # type: ignore[assignment]
        done = await made.copy(read(), 0)
        assert done.outcome == expected
        assert done.observation is not None
        assert done.observation.verdict is Verdict.FAILED


async def test_what_cannot_be_copied_says_why(tmp_path: Path) -> None:
    """Late, unknown and unmappable copies are counted with their reason and never sent."""
    async with Oddities() as legacy, Oddities() as internal, copier(tmp_path, legacy, internal) as made:
        assert (await made.copy(read(), LATE + 1)).outcome == Outcome("x", Bucket.SHED, "late")
        assert (await made.copy(write("gone", "/x"), 0)).outcome == Outcome("x", Bucket.UNMIRRORED, "unknown route")
        moved = await made.copy(write("items.move", "/items/move"), 0)
        assert moved.outcome == Outcome("x", Bucket.UNMIRRORED, "unmappable")
        assert not internal.deliveries


async def test_a_fallback_is_a_gateway_failure(tmp_path: Path) -> None:
    """What legacy served because the gateway could not be reached is judged as failed, and nothing is sent."""
    async with Oddities() as legacy, Oddities() as internal, copier(tmp_path, legacy, internal) as made:
        done = await made.copy(read(copying=Copying.FALLBACK), 0)
        assert done.outcome == Outcome("x", Bucket.FAILED, "fallback")
        assert done.observation is not None
        assert done.observation.verdict is Verdict.FAILED
        assert not internal.deliveries
        assert not legacy.deliveries


async def test_a_served_read_asks_legacy(tmp_path: Path) -> None:
    """What the gateway served is compared with legacy's answer; a dead legacy is not the gateway's failure."""
    async with Oddities() as legacy, Oddities() as internal, copier(tmp_path, legacy, internal) as made:
        served = read(copying=Copying.SERVED)
        served = replace(served, exchange=replace(served.exchange, response=parsed(plain("/items/7"))))
        done = await made.copy(served, 0)
        assert done.outcome == Outcome("x", Bucket.COMPARED)
        assert done.observation is not None
        assert done.observation.mode == "served"
        assert legacy.deliveries == {"GET /items/7": 1}
        await legacy.stop()
        assert (await made.copy(read(copying=Copying.SERVED), 0)).outcome == Outcome(
            "x", Bucket.FAILED, "legacy connect"
        )


async def test_a_read_that_its_subject_overtook_is_inconclusive(tmp_path: Path) -> None:
    """When the subject writes after the primary read, a differing copy is no mismatch; another subject's is."""

    async def bare(_head: Head, _body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("200 OK", b"{}", ("content-type", "application/json")))

    async with Oddities() as legacy, Oddities() as internal, copier(tmp_path, legacy, internal) as made:
        legacy.override = internal.override = bare
        changed = read(copying=Copying.SERVED)
        made.writes.note("somebody else", time.time() + 1)
        seen = [(await made.copy(changed, 0)).observation]
        made.writes.note("u-1", time.time() + 1)
        seen.append((await made.copy(changed, 0)).observation)
        assert [one and one.verdict for one in seen] == [Verdict.MISMATCH, Verdict.INCONCLUSIVE]


async def test_what_a_write_set_going_is_no_mismatch_while_legacy_itself_moves_on(tmp_path: Path) -> None:
    """Begun before the reads, worked off during them: the gateway saw a state in between that legacy left too."""
    states = iter([b'{"state":"stopped"}', b'{"state":"stopped"}'])

    async def moving(_head: Head, _body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("200 OK", next(states), ("content-type", "application/json")))

    async def between(_head: Head, _body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer("200 OK", b'{"state":"stopping"}', ("content-type", "application/json")))

    async with Oddities() as legacy, Oddities() as internal, copier(tmp_path, legacy, internal) as made:
        legacy.override, internal.override = moving, between
        seen = []
        for at in (time.time() - SETTLING - 1, time.time() - 1):
            made.writes.note("u-1", at)
            seen.append((await made.copy(read(body=b'{"state":"running"}'), 0)).observation)
        assert [one and one.verdict for one in seen] == [Verdict.MISMATCH, Verdict.INCONCLUSIVE]


async def test_a_copy_that_the_platform_does_not_bear_is_sampled_out_with_its_reason(tmp_path: Path) -> None:
    """Beyond a tenth of its limit nothing is sent; a dry run costs the platform nothing and goes on."""
    async with (
        Oddities() as legacy,
        Oddities() as internal,
        copier(tmp_path, legacy, internal, mirroring="second: 0, load: 0%") as made,
    ):
        internal.override = candidate.faithful
        landed = [(await made.copy(read(), 0)).outcome for _ in range(61)]
        assert landed[-1] == Outcome("x", Bucket.SAMPLED_OUT, "load")
        assert sum(one.bucket is Bucket.COMPARED for one in landed) == internal.deliveries.total()
        dry = replace(write("items.create", "/items"), copying=Copying.DRY_RUN)
        assert (await made.copy(dry, 0)).outcome.bucket is Bucket.COMPARED


async def test_a_metered_route_makes_dry_runs_where_the_platforms_limit_is_used_up(tmp_path: Path) -> None:
    """Its budget would allow five real copies, a tenth of the platform's limit one."""
    async with Oddities() as legacy, Oddities() as internal, copier(tmp_path, legacy, internal) as made:
        internal.override = candidate.faithful
        for _ in range(3):
            assert (await made.copy(write("ask", "/ask"), 0)).outcome.bucket is Bucket.COMPARED
        modes = [dict(head[2])["Cutover-Copy"].partition(";")[0] for head in internal.heads]
        assert modes == ["read", "dry-run", "dry-run"]


@pytest.mark.parametrize("copying", [Copying.DRY_RUN, Copying.METERED])
async def test_no_write_is_sent_to_a_gateway_that_is_not_ours(copying: Copying, tmp_path: Path) -> None:
    """Should such a copy be handed over, it is counted as unmirrored and nobody is asked."""
    async with (
        Oddities() as legacy,
        Oddities() as other,
        copier(tmp_path, legacy, other, f"second: 0, candidate: http://{other.address}") as made,
    ):
        for route, method, target in (("items.create", "POST", "/items"), ("chat", "POST", "/chat")):
            exchange = Exchange("x", "svc", Request(method, target), Response(201), time.time(), 0, 0)
            done = await made.copy(Copy(route, {}, copying, "u", exchange), 0)
            assert done.outcome.bucket is Bucket.UNMIRRORED
            assert done.outcome.reason == ("write" if route == "items.create" else "metered")
        assert not legacy.deliveries
        assert not other.deliveries
