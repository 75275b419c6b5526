from __future__ import annotations

import asyncio
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.exchange import BodySum, Request, Response
from gateway.core.observation import Bucket
from gateway.core.path import PathPattern
from gateway.core.routes import Access, Effect, Route, Stage, Target
from gateway.core.subject import Subject
from gateway.flags.flag import Flag
from gateway.idempotency.keys import Keys
from shadow.plan import Copying, Plan, Side
from shadow.summing import Summing
from shadow.turn import Tee, Turn, declared_length


@given(st.lists(st.binary(max_size=20)), st.integers(0, 60))
def test_a_tee_passes_everything_and_keeps_no_more_than_its_limit(chunks: list[bytes], limit: int) -> None:
    """Chunks pass unchanged; up to the limit all is kept, beyond it nothing."""
    tee = Tee(limit)
    assert [tee(chunk) for chunk in chunks] == chunks
    whole = b"".join(chunks)
    assert tee.over == (len(whole) > limit)
    assert tee.body == (b"" if tee.over else whole)


@pytest.mark.parametrize(
    ("headers", "length"),
    [
        ((), 0),
        ((("Content-Length", "12"),), 12),
        ((("transfer-encoding", "chunked"),), None),
        ((("content-length", "twelve"),), None),
    ],
)
def test_a_head_announces_its_body(headers: tuple[tuple[str, str], ...], length: int | None) -> None:
    """The declared length is known, or known to be unknown."""
    assert declared_length(Request("POST", "/", headers)) == length


def test_a_turn_becomes_a_copy() -> None:
    """A complete turn carries the request in legacy terms, the answer, and times that fit together."""
    flag = Flag("r", Stage.GATEWAY, revision=7)
    plan = Plan("svc", Subject("u-1"), flag=flag, side=Side.GATEWAY, copying=Copying.SERVED)
    turn = Turn(plan, Request("GET", "/x"))
    copy = turn.copy(Response(200))
    assert copy.revision == 7
    assert (copy.copying, copy.subject, copy.exchange.service) == (Copying.SERVED, "u-1", "svc")
    assert 0 <= copy.exchange.first_byte <= copy.exchange.total
    turn.to_legacy(Bucket.UNMIRRORED, "unmappable")
    assert (turn.plan.side, turn.plan.copying, turn.plan.reason) == (Side.LEGACY, Copying.NONE, "unmappable")


def test_a_copy_of_a_stream_says_when_its_pieces_came() -> None:
    """Seconds and bytes of each chunk; nobody asks about the pieces of another answer."""
    turn = Turn(Plan("svc", Subject("u-1"), copying=Copying.READ), Request("GET", "/x"))
    for chunk in (b"data: 1\n\n", b"data: 2\n\n"):
        turn.pass_back(chunk)
    stream = turn.copy(Response(200, (("Content-Type", "text/event-stream"),))).exchange.response
    assert isinstance(stream, Response)
    (first, nine), (second, all_) = stream.arrivals
    assert (nine, all_) == (9, 18)
    assert 0 <= first <= second
    other = turn.copy(Response(200)).exchange.response
    assert isinstance(other, Response)
    assert other.arrivals == ()


@pytest.mark.parametrize(
    ("method", "effect", "writes"),
    [("POST", None, True), ("GET", None, False), ("POST", Effect.READ, False), ("GET", Effect.WRITE, True)],
)
def test_a_turn_knows_whether_it_may_write(method: str, effect: Effect | None, *, writes: bool) -> None:
    """A route says it; without a route the method does."""
    path = PathPattern("/x")
    route = effect and Route("r", "svc", Target(method, path), Target(method, path), effect, Access.PUBLIC)
    turn = Turn(Plan("svc", Subject("u-1"), route=route or None), Request(method, "/x"))
    assert turn.may_write is writes


def test_a_turn_passes_bodies_on_and_keeps_what_is_asked_for() -> None:
    """A claim's digest grows with the request, its tee with the answer; a copy's tees are apart from both."""
    turn = Turn(Plan("svc", Subject("u-1")), Request("POST", "/x"))
    assert (turn.pass_on(b"a"), turn.pass_back(b"b")) == (b"a", b"b")
    assert (turn.sent.body, turn.received.body) == (b"a", b"")
    turn.digest, turn.kept = Keys(b"k" * 32).body(), Tee(10)
    turn.plan = replace(turn.plan, copying=Copying.READ)
    before = turn.digest.text
    assert (turn.pass_on(b"a"), turn.pass_back(b"b")) == (b"a", b"b")
    assert turn.digest.text != before
    assert (turn.kept.body, turn.received.body) == (b"b", b"b")


def test_a_turn_without_an_answer_says_where_it_counts() -> None:
    """By who was asked, and whether legacy answered after all."""
    turn = Turn(Plan("svc", Subject("u-1")), Request("POST", "/x"))
    assert [turn.lost(0), turn.lost(200)] == [(Bucket.UNMIRRORED, "no-answer"), (Bucket.UNMIRRORED, "retried")]
    turn.directed = True
    assert turn.lost(200) == (Bucket.FAILED, "gateway")
    turn.fallback = True
    assert [turn.lost(0), turn.lost(200)] == [(Bucket.FAILED, "gateway"), (Bucket.FAILED, "fallback")]


async def test_a_summing_tee_knows_what_it_did_not_keep() -> None:
    """Beyond the limit length and digest of the whole body become known, the part that was kept included."""
    tee, known = Tee(3, summing=Summing()), asyncio.Queue[BodySum | None]()
    assert [tee(chunk) for chunk in (b"ab", b"cd", b"", b"e")] == [b"ab", b"cd", b"", b"e"]
    assert (tee.over, tee.body) == (True, b"")
    assert tee.passing is not None
    tee.passing.finish(asyncio.get_running_loop(), known.put_nowait)
    assert await known.get() == BodySum(5, sha256(b"abcde").hexdigest())


def test_what_can_be_compared_by_its_sum_is_not_oversize() -> None:
    """A large answer is handed over with its sum; a large upload, an event stream and one not summed are not."""
    turn = Turn(Plan("svc", Subject("u-1"), copying=Copying.READ), Request("GET", "/x"))
    turn.received = Tee(3, summing=Summing())
    turn.pass_back(b"large")
    turn.received.sum = BodySum(5, "ab")
    assert not turn.oversize(Response(200))
    assert turn.copy(Response(200)).exchange.response == Response(200, sum=turn.received.sum)
    assert turn.oversize(Response(200, (("content-type", "text/event-stream; charset=utf-8"),)))
    turn.received = Tee(3)
    turn.pass_back(b"large")
    assert turn.oversize(Response(200))
    turn.received, turn.sent = Tee(), Tee(3)
    assert not turn.oversize(Response(200))
    turn.sent(b"large")
    assert turn.oversize(Response(200))


@pytest.mark.parametrize(
    ("method", "directed", "untouched", "kept", "again"),
    [
        ("GET", False, False, True, True),
        ("GET", False, False, False, False),
        ("POST", False, True, True, False),
        ("GET", True, False, False, True),
        ("POST", True, True, False, True),
        ("POST", True, False, True, False),
    ],
)
def test_legacy_is_asked_again_only_where_it_does_no_harm(
    method: str, *, directed: bool, untouched: bool, kept: bool, again: bool
) -> None:
    """A read that died on a kept connection or on its way to the gateway; a write only if nobody saw a byte."""
    turn = Turn(Plan("svc", Subject("u-1")), Request(method, "/x"), directed=directed)
    assert not turn.may_be_asked_again(untouched=untouched, kept=kept)
    turn.complete = 1.0
    assert turn.may_be_asked_again(untouched=untouched, kept=kept) is again
