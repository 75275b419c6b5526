from __future__ import annotations

import asyncio

import pytest

from gateway.core.errors import UnreachableError
from gateway.core.exchange import Exchange, Failure, Request, Response
from migrate.replay.client import ask
from migrate.replay.player import playing

GET = Request("GET", "/x", (("Host", "h"), ("Connection", "close")))
SSE = (("content-type", "text/event-stream"), ("transfer-encoding", "chunked"))


def exchange(response: Response | Failure, service: str = "main") -> Exchange:
    """An exchange with this answer."""
    return Exchange("e", service, GET, response)


async def test_an_exchange_is_answered_as_recorded_and_the_request_kept() -> None:
    """The answer goes out byte for byte, and the cue knows what was asked."""
    recorded = Response(418, (("X-A", "1"), ("x-a", "2"), ("Content-Length", "2")), b"hi", "Teapot")
    async with playing({"main": "127.0.0.1:0"}) as player:
        cue = player.cue(exchange(recorded))
        assert await ask(player.addresses["main"], GET, deadline=5) == recorded
    assert [(call.service, call.request) for call in cue.calls] == [("main", GET)]


async def test_a_second_request_is_refused_and_counted() -> None:
    """An exchange is answered once; what comes again gets a 502 and stays in the cue."""
    async with playing({"main": "127.0.0.1:0"}) as player:
        cue = player.cue(exchange(Response(200, (("content-length", "0"),))))
        await ask(player.addresses["main"], GET, deadline=5)
        again = await ask(player.addresses["main"], GET, deadline=5)
    assert isinstance(again, Response)
    assert (again.status, again.body) == (502, b"the recording holds no such request")
    assert len(cue.calls) == 2


async def test_the_wrong_service_does_not_answer() -> None:
    """Only the exchange's own service knows the answer."""
    async with playing({"main": "127.0.0.1:0", "other": "127.0.0.1:0"}) as player:
        cue = player.cue(exchange(Response(200)))
        answer = await ask(player.addresses["other"], GET, deadline=5)
    assert isinstance(answer, Response)
    assert answer.status == 502
    assert [call.service for call in cue.calls] == ["other"]


async def test_a_request_between_exchanges_is_stray() -> None:
    """What comes when nothing is played belongs to no exchange."""
    async with playing({"main": "127.0.0.1:0"}) as player:
        await ask(player.addresses["main"], GET, deadline=5)
        assert [call.request.target for call in player.stray] == ["/x"]


async def test_a_stream_waits_for_its_first_event_to_arrive() -> None:
    """The rest of a stream follows once the client has heard the first event; without that it counts as held back."""
    recorded = Response(200, SSE, b"data: 1\n\ndata: 2\n\n", "OK")
    async with playing({"main": "127.0.0.1:0"}, alone=0.1) as player:
        cue = player.cue(exchange(recorded))
        assert await ask(player.addresses["main"], GET, deadline=5, on_body=cue.arrived.set) == recorded
        assert not cue.held_back
        deaf = player.cue(exchange(recorded))
        assert await ask(player.addresses["main"], GET, deadline=5) == recorded
        assert deaf.held_back


async def test_connections_stay_open_except_after_a_5xx() -> None:
    """Keep-alive works; after a 500 the connection is closed without being announced."""
    async with playing({"main": "127.0.0.1:0"}) as player:
        host, port = player.addresses["main"].removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        for status in (200, 500):
            player.cue(exchange(Response(status, (("content-length", "2"),), b"hi")))
            writer.write(b"GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
            assert b"content-length: 2\r\n\r\nhi" in await reader.readuntil(b"hi")
        assert await reader.read() == b""
        writer.close()


async def test_an_exchange_without_an_answer_gets_none() -> None:
    """A recorded failure is a connection that closes."""
    async with playing({"main": "127.0.0.1:0"}) as player:
        player.cue(exchange(Failure("broken")))
        assert isinstance(await ask(player.addresses["main"], GET, deadline=5), Failure)


async def test_a_taken_address_is_named() -> None:
    """A player that cannot listen says which service and what to do."""
    async with playing({"main": "127.0.0.1:0"}) as player:
        taken = player.addresses["main"].removeprefix("http://")
        with pytest.raises(UnreachableError, match="player for second cannot listen"):
            async with playing({"second": taken}):
                pass


async def test_open_connections_do_not_keep_the_player() -> None:
    """The player ends although a client still holds a connection."""
    async with asyncio.timeout(5):
        async with playing({"main": "127.0.0.1:0"}) as player:
            host, port = player.addresses["main"].removeprefix("http://").split(":")
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"GET ")
            await writer.drain()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()
