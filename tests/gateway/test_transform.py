"""Transforming answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gateway.core.exchange import Request, header
from gateway.core.routes import Kind
from gateway.core.table import Matched
from gateway.problem import Unreachable
from gateway.transform import REWRITE_LIMIT, transform
from tests.apps.table import route, table

if TYPE_CHECKING:
    from gateway.answer import Answer
    from gateway.core.exchange import Headers
    from gateway.core.table import RouteTable

TABLE = table(
    "http://s",
    route("logs", "compute", "GET /l/{id}", "GET /api/d/{id}/log-stream", rewrites=("ws_url",)),
    route("socket", "compute", "GET /nosana", "GET /api/d/{id}/logs", kind=Kind.WEBSOCKET),
)
JSON = ("Content-Type", "application/json; charset=utf-8")
BODY = json.dumps({"ws_url": "ws://inner:3000/nosana?x=1", "subscription": {"a": 1}}).encode()


class Arrived:
    """An upstream answer that has arrived."""

    def __init__(self, status: int, headers: Headers, *pieces: bytes) -> None:
        self.status = status
        self.headers = headers
        self.closed = False
        self._pieces = list(pieces)

    async def take(self) -> bytes:
        """The next piece."""
        return self._pieces.pop(0) if self._pieces else b""

    def close(self) -> None:
        """Give up."""
        self.closed = True


async def passed(arrived: Arrived, known: RouteTable = TABLE) -> Answer:
    """The answer to the descriptor of a deployment."""
    item = known.routes[0]
    assert item.gateway is not None
    matched = Matched(item, item.gateway, {"id": "7"})
    request = Request("GET", "/l/7", (("Host", "s"),))
    return await transform(known, matched, request, arrived, lambda *told: "|".join(map(str, told)))  # type: ignore[arg-type]


async def test_socket_address_is_the_gateways() -> None:
    """The address handed out is made of the socket's gateway path, its path at the service and the subscription."""
    answer = await passed(Arrived(200, (JSON, ("ETag", "x"), ("Content-Length", "9")), BODY[:9], BODY[9:]))
    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body)["ws_url"] == "/api/d/7/logs|/nosana?x=1|{'a': 1}"
    assert header(answer.headers, "content-length") == str(len(answer.body))
    assert header(answer.headers, "etag") is None


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (404, (JSON,)),
        (200, (("Content-Type", "text/plain"),)),
        (200, (JSON, ("Content-Encoding", "gzip"))),
        (200, ()),
    ],
)
async def test_other_answers_keep_arriving(status: int, headers: Headers) -> None:
    """Errors, other types and packed bodies pass as they are."""
    arrived = Arrived(status, headers, BODY)
    assert (await passed(arrived)).body is arrived


async def test_descriptor_without_a_socket_keeps_its_address() -> None:
    """Where the table has no socket the address stays."""
    answer = await passed(Arrived(200, (JSON,), BODY), table("http://s", TABLE.routes[0]))
    assert isinstance(answer.body, bytes)
    assert json.loads(answer.body) == json.loads(BODY)


async def test_body_to_rewrite_is_limited() -> None:
    """A body too long to be held is given up."""
    arrived = Arrived(200, (JSON,), b"x" * (REWRITE_LIMIT + 1))
    with pytest.raises(Unreachable):
        await passed(arrived)
    assert arrived.closed
