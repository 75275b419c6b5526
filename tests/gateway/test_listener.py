"""Listeners."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.errors import ConfigError, UnreachableError
from gateway.listener import Listener, bound, url_of
from tests.apps.wire import eventually, talk

if TYPE_CHECKING:
    import socket

ASK = b"GET /a%2Fb?x HTTP/1.1\r\nHost: a\r\n\r\n"


async def app(scope: Any, _receive: Any, send: Any) -> None:
    """Answer with the target as the server told it."""
    body = scope["state"]["target"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def port_of(sock: socket.socket) -> int:
    """The port of a bound socket."""
    port: int = sock.getsockname()[1]
    return port


@pytest.mark.parametrize("address", ["", "127.0.0.1", "127.0.0.1:", ":80", "127.0.0.1:http", "a:b:c"])
def test_unreadable_address_is_a_config_error(address: str) -> None:
    """What is no host:port is named, with what to write."""
    with pytest.raises(ConfigError, match="host:port"), bound(address):
        pass


def test_taken_address_is_one_clear_line() -> None:
    """A busy port, a foreign address and an impossible port are unreachable, each in one line."""
    with bound("127.0.0.1:0") as sock:
        for address in (f"127.0.0.1:{port_of(sock)}", "192.0.2.1:0", "127.0.0.1:99999"):
            with pytest.raises(UnreachableError) as refused, bound(address):
                pass
            assert address in str(refused.value)
            assert "\n" not in str(refused.value)


def test_address_is_told_as_a_url() -> None:
    """IPv6 addresses stand in brackets."""
    with bound("127.0.0.1:0") as four:
        assert url_of(four) == f"http://127.0.0.1:{port_of(four)}"
    with bound("[::1]:0") as six:
        assert url_of(six) == f"http://[::1]:{port_of(six)}"


async def test_target_is_told_as_it_stood_on_the_wire() -> None:
    """The application sees escapes and a lone question mark unchanged."""
    with bound("127.0.0.1:0") as sock:
        listener = Listener(app, sock)
        await listener.start()
        answer = await talk(port_of(sock), ASK.replace(b"?x", b"?"), until=b"/a%2Fb?")
        assert answer.endswith(b"/a%2Fb?")
        assert b"server:" not in answer.lower()
        await listener.stop(1)


async def test_garbage_is_400_and_no_log_entry(caplog: pytest.LogCaptureFixture) -> None:
    """A client that speaks no HTTP is refused without noise."""
    with bound("127.0.0.1:0") as sock, caplog.at_level(logging.DEBUG):
        listener = Listener(app, sock)
        await listener.start()
        assert (await talk(port_of(sock), b"nonsense\r\n\r\n")).startswith(b"HTTP/1.1 400")
        await listener.stop(1)
    assert "Invalid HTTP" not in caplog.text


async def test_stop_lets_a_running_answer_finish() -> None:
    """Drain: a request that was accepted is answered; idle connections and newcomers are not kept waiting."""
    started, release = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        started.set()
        await release.wait()
        await app(scope, receive, send)

    with bound("127.0.0.1:0") as sock:
        port = port_of(sock)
        listener = Listener(slow, sock)
        await listener.start()
        idle_reader, idle_writer = await asyncio.open_connection("127.0.0.1", port)
        call = asyncio.create_task(talk(port, ASK))
        await started.wait()
        stopping = asyncio.create_task(listener.stop(5))
        assert await idle_reader.read() == b""
        idle_writer.close()
        with pytest.raises(ConnectionRefusedError):
            await talk(port, ASK)
        assert not stopping.done()
        release.set()
        assert (await call).endswith(b"/a%2Fb?x")
        await stopping


async def test_stop_cuts_what_outlasts_the_drain(caplog: pytest.LogCaptureFixture) -> None:
    """After the drain time open streams are cut, and it is said how many."""
    endless = asyncio.Event()

    async def stuck(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        await endless.wait()

    with bound("127.0.0.1:0") as sock:
        listener = Listener(stuck, sock)
        await listener.start()
        call = asyncio.create_task(talk(port_of(sock), ASK))
        await eventually(lambda: listener.running == 1)
        assert await listener.stop(0.1) == 1
        answer = await asyncio.gather(call, return_exceptions=True)
    assert not str(answer[0]).endswith("0\\r\\n\\r\\n'")
    assert listener.running == 0
    assert "1 answers were cut" in caplog.text


async def test_what_the_kernel_has_accepted_is_answered() -> None:
    """Drain: connections that wait in the backlog when the stop begins are taken and answered, then it is closed."""
    with bound("127.0.0.1:0") as sock:
        port = port_of(sock)
        waiting = []
        for _ in range(60):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(ASK)
            waiting.append((reader, writer))
        listener = Listener(app, sock)
        await listener.start()
        stopping = asyncio.create_task(listener.stop(5))
        for reader, writer in waiting:
            async with asyncio.timeout(5):
                answer = await reader.read()
            assert answer.startswith(b"HTTP/1.1 200 ")
            assert b"connection: close" in answer
            writer.close()
        assert await stopping == 0
        with pytest.raises(ConnectionRefusedError):
            await talk(port, ASK)


async def test_open_connection_may_ask_a_last_time() -> None:
    """Drain: a request on its way over a resting connection is answered, and ends the connection."""
    with bound("127.0.0.1:0") as sock:
        listener = Listener(app, sock)
        await listener.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(sock))
        writer.write(ASK)
        assert b"connection: close" not in await reader.readuntil(b"/a%2Fb?x")
        stopping = asyncio.create_task(listener.stop(5))
        await asyncio.sleep(0.05)
        writer.write(ASK)
        assert b"connection: close" in await reader.read()
        writer.close()
        assert await stopping == 0


async def test_stop_before_the_start_is_nothing() -> None:
    """A listener that never started has nothing to end, and ends once only."""
    with bound("127.0.0.1:0") as sock:
        listener = Listener(app, sock)
        assert (listener.running, listener.connections) == (0, 0)
        assert await listener.stop(1) == 0
