"""Malformed HTTP/2 against the listening port, with an upstream that records every request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from tests.apps.certificates import trusting, written
from tests.apps.echo import upstream
from tests.apps.gateways import running
from tests.apps.h2client import MALFORMED, h2_client
from tests.apps.smuggling import HIDDEN
from tests.apps.table import route, table

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from tests.apps.echo import Upstream

    Served = tuple[int, ssl.SSLContext, Upstream]

pytestmark = pytest.mark.asyncio(loop_scope="module")

ROUTES = tuple(
    route(f"{name}.{method.lower()}", "compute", f"{method} /{name}", f"{method} /{name}", access="public")
    for method, name in (("GET", "a"), ("POST", "a"), ("GET", "smuggled"))
)
HEAD: Any = [(":method", "GET"), (":scheme", "https"), (":authority", "a"), (":path", "/a")]
POST: Any = [(":method", "POST"), *HEAD[1:]]
PATHS = [
    "http://other/smuggled",
    "//other/smuggled",
    "*",
    "smuggled",
    "/a /smuggled",
    "/a#/smuggled",
    "/x/../smuggled",
    "/x/%2e%2e/smuggled",
    "/a%0d%0a%0d%0aGET%20/smuggled",
    "/a\\..\\smuggled",
    "/a\t",
]
BODIES: list[tuple[Any, bytes]] = [
    ([*POST, ("content-length", "0")], HIDDEN),
    ([*POST, ("content-length", "5")], b"hello" + HIDDEN),
    ([*POST, ("content-length", "500")], HIDDEN),
    ([*POST, ("content-length", "44"), ("content-length", "0")], HIDDEN),
    ([*POST, ("transfer-encoding", "chunked")], b"0\r\n\r\n" + HIDDEN),
    ([*POST, ("transfer-encoding", "chunked"), ("content-length", "0")], b"0\r\n\r\n" + HIDDEN),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """One gateway with TLS in front of one upstream."""
    tls = written(tmp_path_factory.mktemp("tls"))
    async with upstream() as up, running(table(up.address, *ROUTES, tls=tls)) as gate:
        yield gate.port, trusting(tls, "h2"), up


async def asked(served: Served, headers: Any, body: bytes | None = None) -> tuple[int, list[str]]:
    """The status that is answered, 0 for none, and what the upstream saw; then an honest request is served."""
    port, context, up = served
    up.seen.clear()
    async with h2_client(port, context) as client:
        answer = await client.answer(client.ask(headers, body))
    targets = [seen.target for seen in up.seen]
    up.seen.clear()
    async with h2_client(port, context) as client:
        assert (await client.answer(client.ask(HEAD))).status == 200
    assert [seen.target for seen in up.seen] == ["/a"]
    return answer.status, targets


@pytest.mark.parametrize("headers", [headers for _, headers in MALFORMED], ids=[name for name, _ in MALFORMED])
async def test_malformed_head_reaches_no_service(served: Served, headers: Any) -> None:
    """No answer but a reset, and nothing was sent on."""
    assert await asked(served, headers) == (0, [])


@pytest.mark.parametrize("path", PATHS)
async def test_path_tricks_reach_no_service(served: Served, path: str) -> None:
    """A path that is no path, or climbs, is refused as over HTTP/1.1."""
    status, targets = await asked(served, [*HEAD[:3], (":path", path)])
    assert (status in {0, 400}, targets) == (True, [])


@pytest.mark.parametrize(("headers", "body"), BODIES)
async def test_body_of_another_length_is_no_second_request(served: Served, headers: Any, body: bytes) -> None:
    """Whatever lengths say, a service sees no whole request of a body that does not fit, and never two."""
    status, targets = await asked(served, headers, body)
    assert status in {0, 400}
    assert targets == []


async def test_request_in_a_body_stays_a_body(served: Served) -> None:
    """Bytes that look like a request travel framed, by their length or as chunks."""
    for extra in ((), (("content-length", str(len(HIDDEN))),)):
        assert await asked(served, [*POST, *extra], HIDDEN) == (200, ["/a"])


@pytest.mark.parametrize("host", ["a, b", "u@a", "a/b", "a b", ""])
async def test_odd_authority_is_refused(served: Served, host: str) -> None:
    """:authority is held to what a Host must be."""
    status, targets = await asked(served, [*HEAD[:2], (":authority", host), HEAD[3]])
    assert (status in {0, 400}, targets) == (True, [])
