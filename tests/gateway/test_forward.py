"""Forwarding."""

from __future__ import annotations

import pytest

from gateway.core.exchange import Request
from gateway.core.routes import Effect
from gateway.forward import forward, is_safe, problem
from gateway.problem import TimedOut, Unreachable
from gateway.transport.errors import Broken, ConnectFailed, ConnectTimedOut, Silent, TransportError
from gateway.transport.pool import Pool
from tests.apps.echo import raw, upstream
from tests.apps.table import route, service

READ = route("r", "compute", "GET /a", "GET /a")
WRITE = route("w", "compute", "POST /a", "POST /a")


def ask(method: str) -> Request:
    """A request."""
    return Request(method, "/a", (("Host", "a"),))


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


@pytest.mark.parametrize(("item", "method", "attempts"), [(READ, "GET", 2), (WRITE, "POST", 1)])
async def test_only_safe_requests_are_sent_again(item: object, method: str, attempts: int) -> None:
    """On a stale connection a read is sent twice and a write once."""
    assert isinstance(item, type(READ))
    pool = Pool()
    async with upstream() as up:
        known = service("compute", up.address)
        answer = await forward(pool, known, item, ask(method), None)
        while await answer.take():
            pass
        up.behave = raw(b"", keep=False)
        with pytest.raises(Unreachable):
            await forward(pool, known, item, ask(method), None)
        assert len(up.seen) == 1 + attempts
