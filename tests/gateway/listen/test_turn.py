"""One request and its answer; what stands on the wire is tested in test_http1.py."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.apps.listening import answer, listening
from tests.apps.wire import eventually, talk

POST = b"POST /p HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 4\r\n\r\n"


async def test_body_is_told_once_then_the_end() -> None:
    """After the last piece receive() waits, and says http.disconnect once the answer is complete."""
    told: list[Any] = []

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        told.append(await receive())
        waiting = asyncio.create_task(receive())
        await asyncio.sleep(0)
        assert not waiting.done()
        await answer(send, b"ok")
        told.append(await waiting)

    async with listening(app) as on:
        assert (await talk(on.port, POST + b"body")).endswith(b"ok")
        await eventually(lambda: len(told) == 2)
    assert told == [
        {"type": "http.request", "body": b"body", "more_body": False},
        {"type": "http.disconnect"},
    ]


async def test_malformed_body_is_told_with_its_cause() -> None:
    """The application learns that no more of the body comes, and why, while it can still answer."""
    causes: list[Any] = []

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        causes.append((await receive()).get("cause"))
        await answer(send, b"bad", status=400)

    async with listening(app) as on:
        chunked = POST.replace(b"Content-Length: 4", b"Transfer-Encoding: chunked")
        assert (await talk(on.port, chunked + b"zz\r\n")).endswith(b"bad")
    assert causes == ["malformed"]
    assert on.refused == []


async def test_nothing_may_follow_an_answer() -> None:
    """A message after the last one is a fault of the application, and harms nobody."""
    faults: list[str] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await answer(send, b"ok")
        with pytest.raises(RuntimeError) as fault:
            await send({"type": "http.response.body", "body": b"more"})
        faults.append(str(fault.value))

    async with listening(app) as on:
        assert (await talk(on.port, POST + b"body")).endswith(b"\r\n\r\nok")
    assert faults == ["the answer is already complete"]


async def test_framing_is_the_listeners_own() -> None:
    """Transfer-Encoding and Connection of the application are not copied; `close` is obeyed."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await answer(send, b"ok", (b"transfer-encoding", b"chunked"), (b"connection", b"x, Close"))

    async with listening(app) as on:
        answered = await talk(on.port, POST.replace(b"Connection: close\r\n", b"") + b"body")
    assert answered == b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"


GET = b"GET /p HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize(
    ("asked", "status", "headers", "expected"),
    [
        (GET, 200, [("A", "\xff"), ("Content-Length", "2")], b"200 OK\r\na: \xff\r\ncontent-length: 2\r\n{}\r\nok"),
        (GET, 200, [("a", "1")], b"200 OK\r\na: 1\r\ntransfer-encoding: chunked\r\n{}\r\n2\r\nok\r\n0\r\n\r\n"),
        (
            GET.replace(b"GET", b"HEAD"),
            200,
            [("content-length", "2")],
            b"200 OK\r\ncontent-length: 2\r\n{}\r\n",
        ),
        (
            GET.replace(b"Connection: close\r\n", b""),
            404,
            [("Connection", "Close"), ("Transfer-Encoding", "gzip"), ("Content-Length", "2")],
            b"404 Not Found\r\ncontent-length: 2\r\n{}\r\nok",
        ),
    ],
)
async def test_whole_answer_goes_out_as_messages_would(
    asked: bytes, status: int, headers: list[tuple[str, str]], expected: bytes
) -> None:
    """Head and body stand on the wire as if they had come one after the other; framing is the listener's own."""

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        await scope["state"]["turn"].answer(status, headers, b"ok")

    async with listening(app) as on:
        answered = await talk(on.port, asked)
    assert answered == b"HTTP/1.1 " + expected.replace(b"{}", b"connection: close\r\n")


async def test_whole_answer_that_would_break_its_head_is_a_fault() -> None:
    """A line end in a header is never sent, and neither is a second answer."""
    faults: list[type[Exception]] = []

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        for headers in ([("a", "b\r\nc: d")], [("content-length", "2")], []):
            try:
                await scope["state"]["turn"].answer(200, headers, b"ok")
            except (ValueError, RuntimeError) as fault:
                faults.append(type(fault))

    async with listening(app) as on:
        assert (await talk(on.port, GET)).count(b"HTTP/1.1") == 1
    assert faults == [ValueError, RuntimeError]


async def test_leaving_client_is_told_once() -> None:
    """Who watches a turn is called when the client leaves; with the answer complete nobody is called."""
    told: list[str] = []
    asked = asyncio.Event()

    async def app(scope: Any, _receive: Any, _send: Any) -> None:
        turn = scope["state"]["turn"]
        turn.watch = lambda: told.append("gone")
        if scope["path"] == "/waits":
            asked.set()
            await asyncio.sleep(30)
        await turn.answer(200, [("content-length", "0")], b"")

    async with listening(app) as on:
        assert b"200 OK" in await talk(on.port, GET)
        _, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(GET.replace(b"/p", b"/waits"))
        await asked.wait()
        writer.close()
        await eventually(lambda: told == ["gone"])
    assert told == ["gone"]


async def test_a_turn_leaves_nothing_for_the_garbage_collector() -> None:
    """The scope holds its turn only while the application runs."""
    scopes: list[Any] = []

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        assert scope["state"]["turn"]
        scopes.append(scope)
        await answer(send, b"ok")

    async with listening(app) as on:
        await talk(on.port, GET)
    assert list(scopes[0]["state"]) == ["target"]
