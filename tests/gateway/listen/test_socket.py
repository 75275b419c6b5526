"""The server side of WebSockets."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.apps.listening import listening
from tests.apps.wire import eventually, talk

SHAKE = (
    b"GET /s HTTP/1.1\r\nHost: a\r\nUpgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


async def parrot(_scope: Any, receive: Any, send: Any) -> None:
    """Repeat what comes until the end; `close` closes with 4001, `empty` without a code."""
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        if message.get("text") == "close":
            await send({"type": "websocket.close", "code": 4001, "reason": "done"})
        elif message.get("text") == "empty":
            await send({"type": "websocket.close", "code": 1005})
        else:
            await send({**message, "type": "websocket.send"})


class Ends:
    """An application that accepts, and notes how its sockets ended."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        """Read to the end."""
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            pass
        self.seen.append((message["code"], message["reason"]))


async def code_of(client: ClientConnection) -> tuple[int, str]:
    """The code and reason a socket was closed with."""
    with pytest.raises(ConnectionClosed) as closed:
        await client.recv()
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


async def test_messages_pass_in_any_number_of_frames() -> None:
    """Text and bytes arrive whole, from one frame or many."""
    async with listening(parrot) as on, connect(f"ws://127.0.0.1:{on.port}/s") as client:
        for message in ("h\u00e9llo", b"\x00\xff", ["fr", "", "ag"], [b"a", b"b"], ""):
            await client.send(message)
            whole = message if isinstance(message, str | bytes) else message[0][:0].join(message)  # type: ignore[arg-type]
            assert await client.recv() == whole


async def test_no_extension_is_agreed_on() -> None:
    """A client that offers permessage-deflate gets none, and its messages pass."""
    async with listening(parrot) as on, connect(f"ws://127.0.0.1:{on.port}/s", compression="deflate") as client:
        assert client.protocol.extensions == []
        await client.send("x" * 10_000)
        assert await client.recv() == "x" * 10_000


async def test_codes_pass_both_ways() -> None:
    """The application's code reaches the client, also when it is none; the client's reaches the application."""
    async with listening(parrot) as on:
        for word, expected in (("close", (4001, "done")), ("empty", (1005, ""))):
            async with connect(f"ws://127.0.0.1:{on.port}/s") as client:
                await client.send(word)
                assert await code_of(client) == expected
    ends = Ends()
    async with listening(ends) as on:
        client = await connect(f"ws://127.0.0.1:{on.port}/s")
        await client.close(4002, "enough")
        await eventually(lambda: ends.seen == [(4002, "enough")])
        client = await connect(f"ws://127.0.0.1:{on.port}/s")
        client.transport.abort()
        await eventually(lambda: ends.seen[1:] == [(1006, "")])


@pytest.mark.parametrize(
    ("message", "code"),
    [(["x" * 600, "x" * 600], 1009), ("x" * 1200, 1009)],
)
async def test_longer_message_than_allowed_is_1009(message: str | list[str], code: int) -> None:
    """A message over the limit, in one frame or many, closes the socket with 1009, and the application hears it."""
    ends = Ends()
    async with listening(ends, message=1000) as on, connect(f"ws://127.0.0.1:{on.port}/s") as client:
        await client.send(message)
        assert (await code_of(client))[0] == code
        await eventually(lambda: [seen[0] for seen in ends.seen] == [code])


async def test_text_that_is_no_text_is_1007() -> None:
    """Broken UTF-8 closes the socket."""
    async with listening(parrot) as on, connect(f"ws://127.0.0.1:{on.port}/s") as client:
        await client.send(b"\xff", text=True)
        assert (await code_of(client))[0] == 1007


async def test_early_frames_wait_for_the_acceptance() -> None:
    """What a client sends before it is accepted is answered afterwards, never before the handshake."""
    release = asyncio.Event()

    async def late(scope: Any, receive: Any, send: Any) -> None:
        await release.wait()
        await parrot(scope, receive, send)

    async with listening(late) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        ping = b"\x89\x80\x00\x00\x00\x00"
        writer.write(SHAKE + ping + b"\x81\x82\x00\x00\x00\x00hi")
        await eventually(lambda: on.listener.running == 1)
        release.set()
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
        assert await reader.readexactly(6) == b"\x8a\x00\x81\x02hi"
        writer.close()


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"Sec-WebSocket-Version: 12", b"426"),
        (b"Sec-WebSocket-Key: short", b"400"),
        (b"X: y", b"400"),
    ],
)
async def test_bad_handshake_is_refused(line: bytes, status: bytes) -> None:
    """A handshake that RFC 6455 §4.2.1 does not allow never reaches the application."""
    name = line.split(b":")[0]
    lines = [kept for kept in SHAKE.split(b"\r\n")[:-2] if not kept.startswith(name)]
    if name == b"X":
        lines = [kept for kept in lines if b"Key" not in kept]
    async with listening(parrot) as on:
        answered = await talk(on.port, b"\r\n".join([*lines, line, b"", b""]))
        assert answered.startswith(b"HTTP/1.1 ")
        assert answered[9:12] in {status, b"400"}
        assert [reason for _, reason in on.refused] == ["handshake"]


async def test_fault_is_logged_with_the_path_as_it_came(caplog: pytest.LogCaptureFixture) -> None:
    """Decoded, a client's path would write lines of its own into the log."""

    async def fault(_scope: Any, _receive: Any, _send: Any) -> None:
        raise RuntimeError("a fault")

    async with listening(fault) as on:
        with pytest.raises(InvalidStatus):
            await connect(f"ws://127.0.0.1:{on.port}/a%0Ab%1B[31m")
    assert [record.getMessage() for record in caplog.records if record.exc_info] == ["/a%0Ab%1B[31m"]


async def test_application_may_refuse() -> None:
    """An answer in the handshake's place is passed on and ends the connection; a close is 403; a fault 500."""

    async def refuse(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        if scope["path"] == "/answer":
            headers = [(b"content-length", b"2")]
            await send({"type": "websocket.http.response.start", "status": 418, "headers": headers})
            await send({"type": "websocket.http.response.body", "body": b"no"})
        elif scope["path"] == "/close":
            await send({"type": "websocket.close", "code": 1008})
        else:
            raise RuntimeError("a fault")

    async with listening(refuse) as on:
        for path, status in (("answer", 418), ("close", 403), ("fault", 500)):
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"ws://127.0.0.1:{on.port}/{path}")
            assert refused.value.response.status_code == status


async def test_dead_client_is_noticed() -> None:
    """A client that answers no ping is given up; one that does stays."""
    ends = Ends()
    async with listening(ends, ping=0.2) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(SHAKE)
        await reader.readuntil(b"\r\n\r\n")
        async with connect(f"ws://127.0.0.1:{on.port}/s", ping_interval=None) as alive:
            assert await reader.readexactly(2) == b"\x89\x00"
            await eventually(lambda: ends.seen == [(1006, "")])
            assert alive.state.name == "OPEN"
        writer.close()


async def test_client_that_does_not_read_pauses_the_application() -> None:
    """send() waits while the client takes nothing, so that only buffers are filled."""
    pushed = 0

    async def pour(_scope: Any, receive: Any, send: Any) -> None:
        nonlocal pushed
        await receive()
        await send({"type": "websocket.accept"})
        for _ in range(2000):
            await send({"type": "websocket.send", "bytes": b"x" * 65_536})
            pushed += 65_536

    async with listening(pour, ping=0.2) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port, limit=1)
        writer.write(SHAKE)
        await eventually(lambda: pushed > 0)
        stopped, before = False, 0
        while not stopped:
            before, _ = pushed, await asyncio.sleep(0.2)
            stopped = pushed == before
        assert pushed < 2000 * 65_536 // 4
        # A client that takes nothing for two pings is given up.
        await eventually(lambda: on.listener.running == 0)
        assert reader
        writer.close()


async def test_application_that_does_not_read_pauses_the_client() -> None:
    """A client cannot push more than buffers hold into an application that takes nothing."""
    release = asyncio.Event()

    async def lazy(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await release.wait()

    async with listening(lazy) as on, connect(f"ws://127.0.0.1:{on.port}/s", close_timeout=0.1) as client:
        pushed = 0
        with contextlib.suppress(TimeoutError):
            for _ in range(2000):
                async with asyncio.timeout(0.3):
                    await client.send(b"x" * 65_536)
                pushed += 65_536
        assert pushed < 30_000_000
        release.set()


async def test_stop_tells_sockets_with_1012() -> None:
    """A stopping gateway closes its sockets with 1012, and the application hears it."""
    ends = Ends()
    async with listening(ends) as on:
        client = await connect(f"ws://127.0.0.1:{on.port}/s")
        stopping = asyncio.create_task(on.listener.stop(5))
        assert await code_of(client) == (1012, "the gateway stops")
        assert await stopping == 0
    assert ends.seen == [(1012, "the gateway stops")]
