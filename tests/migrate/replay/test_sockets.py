from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gateway.core.exchange import Close, Exchange, Failure, Frame, Request, Response, header_values
from migrate.replay.player import playing
from migrate.replay.sockets import Sockets, converse

SUBSCRIPTION = {"type": "subscribe_logs", "jobId": "j"}
ASKING = Request("GET", "/descriptor", (("Host", "h"), ("Authorization", "Bearer t")))
FIRST = json.dumps(SUBSCRIPTION).encode()
HANDSHAKE = (
    ("Host", "h"),
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Key", "ePGIA1rixDHrW4+E+0dw4w=="),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Extensions", "permessage-deflate"),
    ("Origin", "http://d"),
    ("X-Mine", "1"),
)
FRAMES = (
    Frame(from_client=True, text=True, data=FIRST),
    Frame(from_client=False, text=True, data="grüße".encode()),
    Frame(from_client=False, text=False, data=b"\x00\x01"),
    Frame(from_client=True, text=False, data=b"\x02"),
)
ACCEPTED = Response(
    101, (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", "old"), ("X-Old", "1"))
)


def socket(response: Response = ACCEPTED, frames: tuple[Frame, ...] = FRAMES) -> Exchange:
    """A recorded socket."""
    return Exchange("s", "main", Request("GET", "/nosana", HANDSHAKE), response, frames=frames)


async def test_a_recorded_conversation_is_held_again() -> None:
    """Frames of both sides are said in the recorded order, and the player hears the client's."""
    async with playing({"main": "127.0.0.1:0"}) as player:
        cue = player.cue(socket())
        answer, said, _ = await converse(player.addresses["main"].replace("http", "ws") + "/nosana", cue.exchange)
    assert isinstance(answer, Response)
    assert answer.status == 101
    assert ("X-Old", "1") in answer.headers
    assert said == FRAMES
    assert [frame.data for frame in cue.frames] == [FIRST, b"\x02"]
    assert ("X-Mine", "1") in cue.calls[0].request.headers


async def test_a_handshake_that_was_refused_is_refused_again() -> None:
    """A recorded 403 answers the handshake, with its body."""
    refused = Response(403, (("Content-Length", "2"),), b"no")
    async with playing({"main": "127.0.0.1:0"}) as player:
        player.cue(socket(refused, ()))
        answer, said, _ = await converse(
            player.addresses["main"].replace("http", "ws") + "/", player.current.exchange
        )  # type: ignore[union-attr]
    assert isinstance(answer, Response)
    assert (answer.status, answer.body, said) == (403, b"no", ())


async def test_frames_that_do_not_come_are_missing() -> None:
    """When the other side says less than recorded, the conversation ends with what was said."""
    async with playing({"main": "127.0.0.1:0"}) as player:
        player.cue(socket(frames=FRAMES[:2]))
        url = player.addresses["main"].replace("http", "ws")
        _, said, _ = await converse(url, socket(frames=(*FRAMES[:2], FRAMES[1])), patience=0.2)
    assert said == FRAMES[:2]


@pytest.mark.parametrize(
    ("close", "heard"),
    [
        (Close(from_client=False, code=1011, reason="out"), Close(from_client=False, code=1011, reason="out")),
        (Close(from_client=False, code=1005), Close(from_client=False, code=1005)),
        (Close(from_client=True, code=1001), None),
        (None, None),
    ],
)
async def test_the_service_ends_a_conversation_as_recorded(close: Close | None, heard: Close | None) -> None:
    """With its code and reason, after its last message; where the client ended it, nobody waits."""
    async with playing({"main": "127.0.0.1:0"}) as player:
        cue = player.cue(replace(socket(), close=close))
        url = player.addresses["main"].replace("http", "ws")
        _, said, end = await converse(url, cue.exchange)
    assert (said, end) == (FRAMES, heard)


async def test_an_end_that_does_not_come_is_waited_for_shortly() -> None:
    """Then there is none."""
    async with playing({"main": "127.0.0.1:0"}) as player:
        player.cue(socket())
        url = player.addresses["main"].replace("http", "ws")
        recorded = replace(socket(), close=Close(from_client=False, code=1000))
        assert (await converse(url, recorded, patience=0.2))[2] is None


async def test_subprotocols_are_offered_as_recorded() -> None:
    """The one that the service chose stands in the answer."""
    chosen = replace(ACCEPTED, headers=(*ACCEPTED.headers, ("Sec-WebSocket-Protocol", "b")))
    offered = Request("GET", "/nosana", (*HANDSHAKE, ("Sec-WebSocket-Protocol", "a, b")))
    async with playing({"main": "127.0.0.1:0"}) as player:
        cue = player.cue(replace(socket(chosen), request=offered))
        answer, _, _ = await converse(player.addresses["main"].replace("http", "ws"), cue.exchange)
    assert isinstance(answer, Response)
    assert ("Sec-WebSocket-Protocol", "b") in answer.headers
    assert header_values(cue.calls[0].request.headers, "sec-websocket-protocol") == ["a, b"]


async def test_a_closed_port_is_a_failure() -> None:
    """Where nothing listens there is no conversation."""
    async with playing({"main": "127.0.0.1:0"}) as player:
        url = player.addresses["main"].replace("http", "ws")
    answer, said, _ = await converse(url, socket())
    assert isinstance(answer, Failure)
    assert said == ()


async def test_a_socket_is_opened_through_its_descriptor() -> None:
    """The latest descriptor with the socket's subscription says where to connect, once."""
    async with playing({"main": "127.0.0.1:0"}) as player:
        sockets = Sockets(player.addresses["main"])
        other = {"ws_url": "ws://x/other", "subscription": {"jobId": "else"}}
        for document in ({"ws_url": "ws://elsewhere:1/live?ticket=t", "subscription": SUBSCRIPTION}, other):
            sockets.remember(ASKING, Response(200, (), json.dumps(document).encode()))
        cue = player.cue(socket())
        opened = await sockets.open(socket())
        assert opened is not None
        assert opened.request.target == "/live?ticket=t"
        assert opened.credential == (("Authorization", "Bearer t"),)
        assert cue.calls[0].request.target == "/live?ticket=t"
        assert await sockets.open(socket()) is None


async def test_other_answers_are_no_descriptors() -> None:
    """Failures, other documents and broken JSON are not remembered."""
    sockets = Sockets("http://h:1")
    sockets.remember(ASKING, Failure("broken"))
    for body in (b"[]", b'{"a":1}', b'"ws_url"', b'{"ws_url"', b'{"ws_url": 5}'):
        sockets.remember(ASKING, Response(200, (), body))
    assert await sockets.open(socket()) is None
    sockets.remember(ASKING, Response(200, (), b'{"ws_url": "ws://h/x", "subscription": {}}'))
    assert await sockets.open(socket(frames=(Frame(from_client=True, text=True, data=b"\xff"),))) is None
