"""The variant matrix over HTTP/2: the same spellings through TLS, and what the service sees is the same statement."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from gateway.core.mark import DRY_RUN, MARK_HEADER, READ, sign
from gateway.core.routes import Access, Kind
from tests.apps.certificates import trusting, written
from tests.apps.echo import respond, upstream
from tests.apps.gateways import running
from tests.apps.h2client import h2_client
from tests.apps.header_variants import NAMES, REFUSED_ALIKE, SPELLINGS, pairs, stated
from tests.apps.table import INTERNAL_KEY, bearer, route, service, table

if TYPE_CHECKING:
    import asyncio
    import ssl
    from collections.abc import AsyncIterator

    from tests.apps.echo import Seen, Upstream
    from tests.apps.h2client import Answer

    Served = tuple[int, ssl.SSLContext, Upstream]
    Pairs = list[tuple[bytes, bytes]]

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED = REFUSED_ALIKE | {"nominated"}
"""HTTP/2 knows no Connection header (RFC 9113 §8.2.2), so nothing can be nominated."""
AUTHORIZED = [(b"authorization", bearer()["Authorization"].encode())]
USER = {"X-User-ID": "user-1", "X-Organization-ID": "org-1", "X-User-Role": "admin"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gate(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """A gateway with TLS that trusts no proxy, and a service that notes every byte of a head."""
    tls = written(tmp_path_factory.mktemp("tls"))
    async with upstream() as up:
        known = table(
            up.address,
            route("things", "compute", "GET /things", "GET /api/things"),
            route("open", "compute", "GET /open", "GET /api/open", access=Access.PUBLIC),
            route("socket", "compute", "GET /socket", "GET /api/socket", kind=Kind.WEBSOCKET),
            services=(service("compute", up.address),),
            tls=tls,
        )
        async with running(known) as one:
            yield one.port, trusting(tls, "h2"), up


@pytest.fixture
def served(gate: Served) -> Served:
    """The same one for every test, whose service has seen nothing yet and behaves."""
    gate[2].seen.clear()
    gate[2].behave = None
    return gate


def lowered(found: Pairs) -> Pairs:
    """Names as HTTP/2 wants them, so that nothing is refused for its capitals alone."""
    return [(name.lower(), value) for name, value in found]


async def ask(served: Served, target: str, *fields: Pairs, pseudo: Any = (), method: str = "GET") -> Answer:
    """One request, its fields before those of the caller."""
    head: Any = [(":method", method), (":scheme", "https"), (":authority", "gw"), (":path", target), *pseudo]
    async with h2_client(served[0], served[1]) as client:
        return await client.answer(client.ask([*head, *(pair for some in fields for pair in some)]))


def check(seen: Seen, up: Upstream, caller: dict[str, str]) -> None:
    """Exactly the gateway's own statement, each header once and in its one spelling."""
    told = dict(stated(seen))
    assert len(told) == len(stated(seen)), stated(seen)
    assert told.pop("Cutover-Context").count(".") == 2
    assert re.fullmatch(r"[0-9a-f-]{36}", told.pop("X-Request-ID"))
    assert told == {
        "Host": up.address.removeprefix("http://"),
        "X-Forwarded-For": "127.0.0.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "gw",
        "Via": "1.1 cutover",
        **caller,
        "X-Internal-API-Key": INTERNAL_KEY,
    }


def refused(answer: Answer, up: Upstream, spelling: str) -> bool:
    """Whether stream or connection ended without an answer, as for some spellings they must, and nothing arrived."""
    assert (answer.status == 0) == (spelling in REFUSED), answer
    assert spelling not in REFUSED or up.seen == []
    return spelling in REFUSED


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_authenticated(served: Served, spelling: str) -> None:
    """A user is stated as the token says."""
    answer = await ask(served, "/api/things", lowered(pairs(spelling)), AUTHORIZED)
    if not refused(answer, served[2], spelling):
        check(served[2].seen[0], served[2], USER)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_anonymous(served: Served, spelling: str) -> None:
    """On a public route nobody is stated."""
    answer = await ask(served, "/api/open", lowered(pairs(spelling)))
    if not refused(answer, served[2], spelling):
        check(served[2].seen[0], served[2], {})


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_error_answer(served: Served, spelling: str) -> None:
    """A service that answers 500 was told the same; a refusal of the gateway's own reaches no service."""

    async def fail(seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        del seen, reader
        await respond(writer, 500, b"{}", [("X-User-ID", "leak"), ("Cutover-Context", "leak")])
        return False

    up = served[2]
    up.behave = fail
    anonymous = await ask(served, "/api/things", lowered(pairs(spelling)))
    assert anonymous.status == (0 if spelling in REFUSED else 401)
    assert up.seen == []
    answer = await ask(served, "/api/things", lowered(pairs(spelling)), AUTHORIZED)
    if not refused(answer, up, spelling):
        assert answer.status == 500
        assert answer.header(b"cutover-context") == b""
        check(up.seen[0], up, USER)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_upgrade(served: Served, spelling: str) -> None:
    """No handshake by extended CONNECT is offered, and none is made, whatever stands beside it."""
    pseudo = [(":protocol", "websocket")]
    answer = await ask(served, "/api/socket", lowered(pairs(spelling)), AUTHORIZED, pseudo=pseudo, method="CONNECT")
    assert answer.status == 0
    assert served[2].seen == []


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("mode", [READ, DRY_RUN])
async def test_shadow_copy(served: Served, spelling: str, mode: str) -> None:
    """HTTP/2 is the public listener's, on which a mark counts for nothing, a good one neither."""
    value = sign(
        b"m" * 32, mode=mode, method="GET", target="/api/things", body=b"", now=time.time(), client="203.0.113.7"
    )
    mark = [(MARK_HEADER.lower().encode(), value.encode())]
    answer = await ask(served, "/api/things", lowered(pairs(spelling)), mark, AUTHORIZED)
    if not refused(answer, served[2], spelling):
        check(served[2].seen[0], served[2], USER)
        assert b"upstream" not in answer.header(b"cutover-upstream") + answer.body[:20]


async def test_names_in_capitals_are_no_names(served: Served) -> None:
    """Each of them alone, as HTTP/1.1 would write it, is a malformed request (RFC 9113 §8.2.1)."""
    for name in NAMES:
        answer = await ask(served, "/api/things", [(name.encode(), b"evil")], AUTHORIZED)
        assert answer.status == 0, name
    assert served[2].seen == []


async def test_the_matrix_would_see_a_leak(served: Served) -> None:
    """What a client may send does arrive, so nothing above passes for want of a client's headers."""
    up = served[2]
    assert (await ask(served, "/api/things", [(b"x-client-version", b"7")], AUTHORIZED)).status == 200
    assert ("x-client-version", "7") in [(name.lower(), value) for name, value in up.seen[0].headers]
    with pytest.raises(AssertionError):
        check(up.seen[0], up, USER)
