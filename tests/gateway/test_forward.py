"""Forwarding: what is sent once more, within which limits, and what the client is told otherwise."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.exchange import Request
from gateway.core.resilience import RetryPolicy
from gateway.core.routes import Effect, Timeouts
from gateway.forward import again, forward, is_safe, problem, remaining
from gateway.metrics import Metrics
from gateway.problem import TimedOut, Unreachable
from gateway.retry import Budget
from gateway.transport.errors import Broken, ConnectFailed, ConnectTimedOut, Silent, TransportError
from gateway.transport.origin import origin_of
from gateway.transport.pool import Pool
from tests.apps.echo import raw, upstream
from tests.apps.table import route, service
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from gateway.core.routes import Route, Service
    from gateway.transport.client import Upstream
    from tests.apps.echo import Seen

READ = route("r", "compute", "GET /a", "GET /a", timeouts=Timeouts(2, 2, 2))
WRITE = route("w", "compute", "POST /a", "POST /a", timeouts=Timeouts(2, 2, 2))
NOTHING = RetryPolicy(0.0, 0.0)


def ask(method: str) -> Request:
    """A request."""
    return Request(method, "/a", (("Host", "a"),))


class Gate:
    """What forwarding needs beside the request."""

    def __init__(self, policy: RetryPolicy | None = None) -> None:
        self.pool, self.metrics, self.budget = Pool(), Metrics(), Budget()
        self.policy = policy or RetryPolicy()

    async def send(self, known: Service, item: Route, body: Any = None) -> Upstream:
        """Forward a request of the route's method."""
        return await forward(
            self.pool,
            known,
            item,
            ask(item.legacy.method),
            body,
            budget=self.budget,
            policy=self.policy,
            metrics=self.metrics,
            renewed=lambda request: replace(request, target="/a?again"),
        )

    async def whole(self, known: Service, item: Route) -> bytes:
        """The whole answer to one request."""
        answer = await self.send(known, item)
        pieces = []
        while piece := await answer.take():
            pieces.append(piece)
        return b"".join(pieces)

    @property
    def retries(self) -> tuple[int, int]:
        """How many were tried again, and how many were not let."""
        return self.metrics.value("cutover_retries_total"), self.metrics.value("cutover_retries_denied_total")


@pytest.mark.parametrize(
    ("error", "kind", "reason", "sent"),
    [
        (ConnectTimedOut("secret-host"), TimedOut, "connect-timeout", False),
        (ConnectFailed("secret-host"), Unreachable, "connect", False),
        (Silent("secret-host", sent=True), TimedOut, "timeout", True),
        (Broken("secret-host"), Unreachable, "broken", True),
        (TransportError("secret-host"), Unreachable, "broken", False),
    ],
)
def test_each_failure_has_its_answer(error: TransportError, kind: type, reason: str, sent: bool) -> None:  # noqa: FBT001 - a row
    """Broken and refused are 502, late is 504; addresses stay out of the answer."""
    answer = problem(service("compute", "http://a"), error)
    assert (type(answer), answer.reason, answer.sent) == (kind, reason, sent)
    assert "secret-host" not in answer.detail
    assert not answer.refusal


def test_safe_means_a_safe_method_on_a_reading_route() -> None:
    """A GET that writes and a POST that reads are not safe to send twice."""
    assert is_safe(READ, ask("GET"))
    assert not is_safe(READ, ask("POST"))
    assert not is_safe(route("g", "compute", "GET /a", "GET /a", effect=Effect.WRITE), ask("GET"))


@pytest.mark.parametrize(
    ("error", "read", "write"),
    [
        (ConnectFailed("x"), "connect", "connect"),
        (ConnectTimedOut("x"), "", ""),
        (Silent("x", sent=True), "", ""),
        (Broken("x", sent=False, stale=True), "unsent", "unsent"),
        (Broken("x", stale=True), "stale", ""),
        (Broken("x"), "broken", ""),
        (TransportError("x"), "", ""),
    ],
)
def test_what_may_be_sent_again(error: TransportError, read: str, write: str) -> None:
    """A read before its answer; a write only where no byte of it went out; neither after its time was up."""
    assert (again(error, safe=True), again(error, safe=False)) == (read, write)


def test_two_attempts_take_no_longer_than_one() -> None:
    """What the first attempt took is missing from the second's limits, and with nothing left there is none."""
    limits = Timeouts(3, 10, 7)
    assert remaining(limits, ConnectFailed("x"), 1) == Timeouts(2, 10, 7)
    assert remaining(limits, Broken("x"), 8) == Timeouts(2, 2, 7)
    assert remaining(limits, Broken("x", sent=False), 1) == limits
    assert remaining(limits, ConnectFailed("x"), 3) is None
    assert remaining(limits, Broken("x"), 10) is None


@pytest.mark.parametrize(("item", "attempts"), [(READ, 2), (WRITE, 1)])
async def test_only_safe_requests_are_sent_again(item: Route, attempts: int) -> None:
    """On a connection that had rested and proves closed, a read is sent twice and a write once."""
    gate = Gate(NOTHING)
    async with upstream() as up:
        known = service("compute", up.address)
        await gate.whole(known, item)
        up.behave = raw(b"", keep=False)
        with pytest.raises(Unreachable):
            await gate.send(known, item)
        # The second attempt of a read is its first that says something of the service; what follows asks the budget.
        assert (len(up.seen), gate.retries) == (1 + attempts, (attempts - 1, attempts - 1))


@pytest.mark.parametrize(("policy", "attempts", "retries"), [(None, 2, (1, 0)), (NOTHING, 1, (0, 1))])
async def test_break_before_the_answer_asks_the_budget(
    policy: RetryPolicy | None, attempts: int, retries: tuple[int, int]
) -> None:
    """A read whose new connection breaks before an answer goes again only if the budget has something left."""
    gate = Gate(policy)
    async with upstream(raw(b"", keep=False)) as up:
        with pytest.raises(Unreachable):
            await gate.send(service("compute", up.address), READ)
        assert (len(up.seen), gate.retries) == (attempts, retries)


async def test_service_that_is_replaced_loses_no_read() -> None:
    """A connection that had rested ends, and so does the next, taken by whoever dies there: the third is answered."""
    gate = Gate()
    async with upstream() as up:
        known = service("compute", up.address)
        await gate.whole(known, READ)
        answer = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

        async def behave(seen: Seen, reader: Any, writer: asyncio.StreamWriter) -> bool:
            return False if len(up.seen) <= 3 else await answer(seen, reader, writer)

        up.behave = behave
        assert await gate.whole(known, READ) == b"hi"
        assert (len(up.seen), gate.retries) == (4, (2, 0))
    gate.pool.close()


async def test_second_attempt_saves_a_read() -> None:
    """A service that drops one connection and answers on the next loses no read."""
    gate = Gate()

    async def behave(seen: Seen, reader: Any, writer: asyncio.StreamWriter) -> bool:
        return (
            False
            if len(up.seen) == 1
            else await raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")(seen, reader, writer)
        )

    async with upstream(behave) as up:
        assert await gate.whole(service("compute", up.address), READ) == b"hi"
        assert gate.retries == (1, 0)
        # What a service takes once only must not be sent twice.
        assert [seen.target for seen in up.seen] == ["/a", "/a?again"]
    gate.pool.close()


@pytest.mark.parametrize("item", [READ, WRITE])
async def test_refused_connection_is_tried_once_more_after_a_pause(item: Route) -> None:
    """A service that comes up meanwhile gets the request, also a write, since nothing of it had been sent."""
    gate = Gate()
    async with upstream() as up:
        address = up.address
    waiting = asyncio.create_task(gate.whole(service("compute", address), item))
    await eventually(lambda: gate.budget._given is not None)
    host, _, port = address.removeprefix("http://").partition(":")
    async with await asyncio.start_server(up.serve, host, int(port)):
        answer = await waiting
        gate.pool.close()
    assert b'"target": "/a?again"' in answer
    assert (len(up.seen), gate.retries) == (1, (1, 0))


async def test_refused_connection_is_not_tried_again_without_budget() -> None:
    """A service that is down is asked once per request when the budget is spent."""
    gate = Gate(NOTHING)
    async with upstream() as up:
        address = up.address
    with pytest.raises(Unreachable, match="not reachable"):
        await gate.send(service("compute", address), READ)
    assert gate.retries == (0, 1)


async def test_service_that_hangs_is_asked_once() -> None:
    """A read whose time is up is a 504 at once, not the same wait again."""
    gate = Gate()
    hanging = route("h", "compute", "GET /a", "GET /a", timeouts=Timeouts(1, 0.05, 1))
    async with upstream(raw(b"")) as up:
        with pytest.raises(TimedOut):
            await gate.send(service("compute", up.address), hanging)
        assert (len(up.seen), gate.retries) == (1, (0, 0))


async def test_write_over_a_rested_connection_that_is_known_to_be_closed_takes_a_new_one() -> None:
    """A write whose pooled connection ended before a byte of it went out is delivered, once."""
    gate = Gate(NOTHING)
    async with upstream() as up:
        known = service("compute", up.address)
        await gate.whole(known, WRITE)
        resting = gate.pool._idle[origin_of(up.address)]
        # The moment after the pool has looked: closed, and the loop knows.
        resting[0].open = lambda: bool(resting_close()) or True  # type: ignore[method-assign]
        resting_close = resting[0].close
        await gate.whole(known, WRITE)
        assert (len(up.seen), up.seen[1].connection, gate.retries) == (2, 2, (1, 0))
    gate.pool.close()
