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
