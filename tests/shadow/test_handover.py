from __future__ import annotations

import asyncio
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from gateway.core.exchange import BodySum, Request, Response
from gateway.core.observation import Bucket
from gateway.core.path import PathPattern
from gateway.core.routes import Access, Effect, Route, Stage, Target
from gateway.core.subject import Subject
from gateway.flags.flag import Flag
from shadow.envelope import LENGTH, Copy, Counts, Wrote, decode
from shadow.handover import Handover
from shadow.plan import Copying, Plan, Side
from shadow.turn import Tee, Turn

if TYPE_CHECKING:
    from pathlib import Path


def turn(copying: Copying = Copying.NONE) -> Turn:
    """A request of no route."""
    return Turn(Plan("svc", Subject("u"), copying=copying, bucket=Bucket.OFF, reason="why"), Request("GET", "/"))


async def accepted(books: Handover) -> None:
    """Return when the worker that has connected is known: until then, copies are shed."""
    for _ in range(500):
        if books.channel.connected:
            return
        await asyncio.sleep(0.01)


async def test_each_request_is_settled_once() -> None:
    """A finished request lands in its plan's bucket, an oversize one in its own, and a second end counts nothing."""
    books = Handover()
    plain, large = turn(), turn(Copying.READ)
    for one in (plain, large):
        books.open(one)
        if one is large:
            one.received = Tee(0)
            one.received(b"xx")
        books.finish(one, Response(200))
        books.settle(one, Bucket.FAILED)
    assert books.ledger.counts == {("", "off", "why"): 1, ("", "oversize", ""): 1}


async def test_a_copy_is_handed_over_after_the_hook_returns() -> None:
    """The request is pending while its answer goes out; without a worker the copy is then shed."""
    books = Handover()
    one = turn(Copying.READ)
    books.open(one)
    books.finish(one, Response(200))
    books.finish(one, Response(200))
    assert books.ledger.counts == {("", "pending", ""): 1}
    await asyncio.sleep(0)
    assert books.ledger.counts == {("", "shed", "worker"): 1}


async def test_a_large_answer_is_handed_over_once_it_is_summed(tmp_path: Path) -> None:
    """The request is pending until then; the copy carries the sum, and no body."""
    books = Handover()
    await books.start(tmp_path / "s")
    reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
    await accepted(books)
    one = turn(Copying.READ)
    books.open(one)
    large = b"x" * 3_000_000
    one.received(large)
    books.finish(one, Response(200))
    assert books.ledger.counts == {("", "pending", ""): 1}
    copy = decode(await reader.readexactly(int.from_bytes(await reader.readexactly(LENGTH), "big")))
    while not isinstance(copy, Copy):
        copy = decode(await reader.readexactly(int.from_bytes(await reader.readexactly(LENGTH), "big")))
    assert copy.exchange.response == Response(200, sum=BodySum(len(large), sha256(large).hexdigest()))
    writer.close()
    await books.stop()


async def test_an_answer_that_could_not_be_summed_is_oversize() -> None:
    """A giant lands there once that is known."""
    books, one = Handover(), turn(Copying.READ)
    books.open(one)
    for _ in range(65):
        one.received(bytes(1024 * 1024))
    books.finish(one, Response(200))
    assert one.received.passing is not None
    after = asyncio.Event()
    one.received.passing.finish(asyncio.get_running_loop(), lambda _: after.set())
    await after.wait()
    assert books.ledger.counts == {("", "oversize", ""): 1}


async def test_counts_reach_the_worker(tmp_path: Path) -> None:
    """While a worker listens it gets ledger and tally again and again, and a last time at the end."""
    books = Handover()
    await books.start(tmp_path / "s")
    reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
    await accepted(books)
    one = turn()
    books.open(one)
    books.served(one, 500)
    counts = decode(await reader.readexactly(int.from_bytes(await reader.readexactly(LENGTH), "big")))
    assert isinstance(counts, Counts)
    assert [(entry.requests, entry.errors) for entry in counts.served] == [(1, 1)]
    assert counts.ledger.total == 1
    stopping = asyncio.create_task(books.stop())
    assert b'"is":"counts"' in await reader.read()
    writer.close()
    await stopping


async def test_the_worker_hears_of_a_write_when_it_begins(tmp_path: Path) -> None:
    """A request that may write is announced with its subject before anything of its answer."""
    books = Handover()
    await books.start(tmp_path / "s")
    reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
    await accepted(books)
    async with asyncio.timeout(10):
        while not books.channel.connected:  # noqa: ASYNC110 - the channel tells nobody
            await asyncio.sleep(0.01)
        books.open(turn())
        books.open(Turn(Plan("svc", Subject("u"), bucket=Bucket.OFF), Request("POST", "/")))
        heard = decode(await reader.readexactly(int.from_bytes(await reader.readexactly(LENGTH), "big")))
        while isinstance(heard, Counts):
            heard = decode(await reader.readexactly(int.from_bytes(await reader.readexactly(LENGTH), "big")))
    assert isinstance(heard, Wrote)
    assert heard.subject == "u"
    await books.stop()
    writer.close()


def test_a_copy_is_left_out_by_the_routes_share() -> None:
    """Of what the gateway serves in stage gateway a tenth of it is copied; a plan without a copy stays as it is."""
    books = Handover()
    path = Target("GET", PathPattern("/x"))
    route = Route("r", "svc", path, path, Effect.READ, Access.PUBLIC)
    for stage, copied in ((Stage.CANARY, 20), (Stage.GATEWAY, 2)):
        plan = Plan("svc", Subject("u"), route, flag=Flag("r", stage), copying=Copying.READ, bucket=Bucket.PENDING)
        plans = [books.sampled(plan) for _ in range(20)]
        assert sum(one.copying is Copying.READ for one in plans) in {copied, copied + 1}
        assert {one.bucket for one in plans if one.copying is Copying.NONE} <= {Bucket.SAMPLED_OUT}
        books = Handover()
    none = Plan("svc", Subject("u"), route)
    assert books.sampled(none) is none


def test_what_the_shadow_answers_itself_was_served_by_nobody() -> None:
    """It counts in the buckets only."""
    books = Handover()
    one = turn()
    one.plan = replace(one.plan, side=Side.SHADOW)
    books.served(one, 409)
    assert books.tally.take() == []


def test_what_is_turned_away_is_counted_as_nobodys() -> None:
    """It lands in off under its reason, of no route, and is pending at no time."""
    books = Handover()
    books.turned_away("foreign")
    assert books.ledger.counts == {("", "off", "foreign"): 1}


async def test_a_write_of_the_gateways_is_counted_at_once_and_shown(tmp_path: Path) -> None:
    """It is unmirrored whatever becomes of it; its answer goes to the worker, unless a body was too large to keep."""
    books = Handover()
    plain, large = turn(Copying.ANSWER), turn(Copying.ANSWER)
    books.open(plain)
    books.finish(plain, Response(201))
    assert books.ledger.counts == {("", "off", "why"): 1}
    await books.start(tmp_path / "s")
    reader, writer = await asyncio.open_unix_connection(tmp_path / "s")
    await accepted(books)
    # The first counts that arrive say that the worker is known to listen.
    await reader.readexactly(int.from_bytes(await reader.readexactly(LENGTH), "big"))
    books.open(large)
    large.received(b"x" * 3_000_000)
    books.finish(large, Response(201))
    shown = turn(Copying.ANSWER)
    books.open(shown)
    books.finish(shown, Response(201, (), b"made"))
    books.finish(shown, Response(201, (), b"made"))
    while True:
        envelope = decode(await reader.readexactly(int.from_bytes(await reader.readexactly(LENGTH), "big")))
        if isinstance(envelope, Copy):
            break
    assert isinstance(envelope.exchange.response, Response)
    assert (envelope.copying, envelope.exchange.response.body) == (Copying.ANSWER, b"made")
    assert books.ledger.counts == {("", "off", "why"): 3}
    writer.close()
    await books.stop()
