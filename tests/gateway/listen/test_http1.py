"""HTTP/1.1 on one connection."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from typing import Any

import pytest

from tests.apps.listening import answer, echo, listening
from tests.apps.wire import eventually, talk

ASK = b"GET /a%2Fb?x HTTP/1.1\r\nHost: a\r\n\r\n"
LAST = ASK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
POST = b"POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
CHUNKED = b"POST /p HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"


def bodies(answers: bytes) -> list[bytes]:
    """The bodies of answers with a length."""
    found = []
    while answers:
        head, _, rest = answers.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        found.append(rest[:length])
        answers = rest[length:]
    return found


async def push(writer: asyncio.StreamWriter, size: int) -> int:
    """Write until the peer takes no more for a while; how much was written."""
    pushed = 0
    with contextlib.suppress(TimeoutError):
        while pushed < size:
            writer.write(b"x" * 65_536)
            pushed += 65_536
            async with asyncio.timeout(0.3):
                await writer.drain()
    return pushed


async def test_target_and_body_arrive_as_they_were_sent() -> None:
    """Escapes, a lone question mark and a body in pieces reach the application unchanged."""
    async with listening(echo) as on:
        assert bodies(await talk(on.port, LAST.replace(b"?x", b"?"))) == [b"/a%2Fb?"]
        assert bodies(await talk(on.port, CHUNKED + b"2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\n\r\n")) == [b"/p hello"]


async def test_scope_is_what_asgi_says() -> None:
    """Method, decoded path, query, addresses and lower-case header names are told."""
    scopes: list[Any] = []

    async def spy(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await echo(scope, receive, send)

    async with listening(spy) as on:
        await talk(on.port, b"GET /a%20b?c=%20 HTTP/1.1\r\nHost: a\r\nX-Y: \xff Z \r\nConnection: close\r\n\r\n")
    (scope,) = scopes
    assert (scope["method"], scope["path"], scope["raw_path"], scope["query_string"]) == (
        "GET",
        "/a b",
        b"/a%20b",
        b"c=%20",
    )
    assert scope["headers"] == [(b"host", b"a"), (b"x-y", b"\xff Z"), (b"connection", b"close")]
    assert (scope["scheme"], scope["client"][0], scope["server"][1]) == ("http", "127.0.0.1", on.port)


async def test_pipelined_requests_are_answered_in_order() -> None:
    """Many requests in one piece get as many answers, in their order, also when the first is the slowest."""
    first = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"] == "/0":
            await first.wait()
        else:
            first.set()
        await echo(scope, receive, send)

    async with listening(slow) as on:
        asked = b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(20))
        call = asyncio.create_task(talk(on.port, asked + LAST))
        await eventually(lambda: on.listener.running == 1)
        assert not first.is_set()
        first.set()
        assert bodies(await call) == [*(b"/%d" % number for number in range(20)), b"/a%2Fb?x"]


async def test_pipelined_bodies_stay_with_their_requests() -> None:
    """Bodies of requests that wait for their turn are not mixed up."""
    async with listening(echo) as on:
        asked = b"".join(POST + b"\r\nbody%d" % number for number in range(5))
        assert bodies(await talk(on.port, asked + LAST)) == [b"/p body%d" % number for number in range(5)] + [
            b"/a%2Fb?x"
        ]


@pytest.mark.parametrize("leaves", [False, True])
async def test_body_behind_a_pipelined_request_is_waited_for(leaves: bool) -> None:  # noqa: FBT001 - a case
    """When its turn comes the rest of it is read, or that its client has gone."""
    go = asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "GET":
            await go.wait()
        await echo(scope, receive, send)

    async with listening(slow) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(ASK + POST + b"\r\n")
        await eventually(lambda: on.listener.running == 1)
        go.set()
        assert b" 200 " in await reader.readuntil(b"/a%2Fb?x")
        if leaves:
            writer.close()
        else:
            writer.write(b"body1")
            async with asyncio.timeout(5):
                await reader.readuntil(b"/p body1")
            writer.close()
        await eventually(lambda: on.listener.running == 0 and on.listener.connections == 0)


async def test_only_so_many_requests_wait() -> None:
    """Of more requests in one piece than may wait the first ones are answered, and the connection ends."""
    async with listening(echo, pipelined=3) as on:
        answers = await talk(on.port, ASK * 50)
        assert answers.count(b"HTTP/1.1 200") == 3
        assert answers.count(b"connection: close") == 1


async def test_connection_is_kept_and_ends_after_its_requests() -> None:
    """A connection serves request after request, up to the bound."""
    async with listening(echo, requests=3) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        for number in range(3):
            writer.write(ASK)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(8)
            assert (b"connection: close" in head) is (number == 2)
        assert await reader.read() == b""
        writer.close()


async def test_old_clients_get_no_chunks() -> None:
    """HTTP/1.0: an answer of unknown length ends with the connection, which is never kept."""

    async def stream(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await send({"type": "http.response.body", "body": b"b"})

    async with listening(stream) as on:
        answered = await talk(on.port, b"GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n")
        assert answered == b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nab"
        assert (await talk(on.port, LAST)).endswith(b"\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n")


@pytest.mark.parametrize("line", [b"HTTP/1.0\r\nTransfer-Encoding: chunked", b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1.2"])
async def test_other_versions_are_refused(line: bytes) -> None:
    """Versions other than 1.0 and 1.1, and chunks in 1.0 (RFC 9112 §6.1), are 400."""
    async with listening(echo) as on:
        answered = await talk(on.port, b"GET / %b\r\nHost: a\r\n\r\n0\r\n\r\n" % line)
        assert answered.startswith(b"HTTP/1.1 400 ")
        assert on.refused == [(400, "malformed")]


async def test_continue_is_said_when_the_body_is_wanted() -> None:
    """Expect: 100-continue is answered once the application reads, before the final answer."""
    async with listening(echo) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(POST + b"Expect: 100-Continue\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"hello" + LAST)
        assert bodies(await reader.read()) == [b"/p hello", b"/a%2Fb?x"]
        writer.close()


async def test_refused_expectation_ends_the_connection() -> None:
    """Who was answered without being told to continue may send the body or not: it is no next request."""

    async def refuse(_scope: Any, _receive: Any, send: Any) -> None:
        await answer(send, b"no", status=401)

    async with listening(refuse) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(POST + b"Expect: 100-continue\r\n\r\n")
        assert b"connection: close" in await reader.readuntil(b"no")
        writer.write(ASK)
        assert await reader.read() == b""
        writer.close()
        # A body that has come nevertheless is one, and so is the request behind it.
        answered = await talk(on.port, POST + b"Expect: 100-continue\r\n\r\nhello" + LAST)
        assert answered.count(b"HTTP/1.1 401 ") == 2


async def test_answer_before_the_body_is_seen_and_the_body_is_dropped() -> None:
    """An early answer reaches a client that still sends, and the rest of its body is no next request."""

    async def refuse(_scope: Any, _receive: Any, send: Any) -> None:
        await answer(send, b"no", status=413)

    async with listening(refuse) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        # So much with the head that a pause would be due, had the answer not come first.
        writer.write(POST.replace(b"5", b"500000") + b"\r\n" + b"x" * 200_000)
        assert (await reader.readuntil(b"no")).startswith(b"HTTP/1.1 413 ")
        for _ in range(30):
            writer.write(b"x" * 10_000)
            await writer.drain()
        writer.write(LAST)
        assert bodies(await reader.read()) == [b"no"]
        writer.close()


async def test_body_waits_while_the_application_does_not_read() -> None:
    """A client cannot push more than buffers hold into an application that does not take it."""
    release = asyncio.Event()

    async def later(scope: Any, receive: Any, send: Any) -> None:
        await release.wait()
        await echo(scope, receive, send)

    async with listening(later) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        size = 16_000_000
        writer.write(LAST.replace(b"GET", b"POST").replace(b"Host", b"Content-Length: %d\r\nHost" % size))
        pushed = await push(writer, size)
        assert pushed < 14_000_000
        release.set()
        writer.write(b"x" * (size - pushed))
        async with asyncio.timeout(20):
            assert len((await reader.read()).partition(b"\r\n\r\n")[2]) == size + len("/a%2Fb?x ")
        writer.close()


async def test_head_of_a_stream_does_not_wait_for_its_first_piece() -> None:
    """The head goes out although no body follows yet; a whole answer is one piece on the wire."""
    release = asyncio.Event()

    async def stream(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await release.wait()
        await send({"type": "http.response.body", "body": b"hi"})

    async with listening(stream) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(LAST)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n")
        release.set()
        assert await reader.read() == b"hi"
        writer.close()


async def test_head_answers_have_no_body() -> None:
    """HEAD, 204 and 304 end with their head."""

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        if scope["method"] == "HEAD":
            await answer(send, b"hidden")
        else:
            await send({"type": "http.response.start", "status": int(scope["path"][1:]), "headers": []})
            await send({"type": "http.response.body", "body": b""})

    async with listening(app) as on:
        asked = b"".join(b"%b HTTP/1.1\r\nHost: a\r\n\r\n" % line for line in (b"HEAD /", b"GET /204", b"GET /304"))
        answers = await talk(on.port, asked + LAST.replace(b"/a%2Fb?x", b"/304"))
        assert answers.count(b"\r\n\r\n") == 4
        assert b"chunked" not in answers
        assert b"hidden" not in answers


@pytest.mark.parametrize(
    ("sent", "holds"),
    [
        ([], b'"detail":"Internal Server Error",'),
        ([(200, []), b"par"], b"\r\n3\r\npar\r\n"),
        ([(200, [(b"content-length", b"5")]), b"par"], b"\r\n\r\npar"),
        ([(200, [(b"content-length", b"2")]), b"too long"], b""),
        ([(200, [(b"x", b"a\r\nInjected: 1")])], b'"detail":"Internal Server Error",'),
    ],
)
async def test_answer_left_incomplete_never_ends_cleanly(
    sent: list[Any], holds: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """An application that fails before it answers is a 500; in the middle, the client sees that the answer broke."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        for item in sent:
            if isinstance(item, bytes):
                await send({"type": "http.response.body", "body": item, "more_body": True})
            else:
                await send({"type": "http.response.start", "status": item[0], "headers": item[1]})
        raise RuntimeError("a fault")

    async with listening(app) as on:
        answered = await talk(on.port, ASK)
    assert holds in answered
    assert b"Injected" not in answered
    assert not answered.endswith(b"0\r\n\r\n")
    assert on.listener.running == 0
    assert "fault" in caplog.text or "line end" in caplog.text or "not as long" in caplog.text


async def test_client_that_leaves_is_told_to_the_application() -> None:
    """receive() says http.disconnect as soon as the client is gone, and what is sent then goes nowhere."""
    told = asyncio.Event()

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        assert (await receive())["type"] == "http.disconnect"
        await answer(send, b"late")
        told.set()

    async with listening(app) as on:
        _, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(ASK)
        await eventually(lambda: on.listener.running == 1)
        writer.close()
        async with asyncio.timeout(5):
            await told.wait()


async def test_client_that_does_not_read_pauses_the_application() -> None:
    """send() waits while the client takes nothing, and the client is cut in the end."""
    pushed = 0

    async def app(_scope: Any, receive: Any, send: Any) -> None:
        nonlocal pushed
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(2000):
            await send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True})
            pushed += 65_536
        assert (await receive())["type"] == "http.disconnect"

    async with listening(app, idle=0.3) as on:
        _, writer = await asyncio.open_connection("127.0.0.1", on.port, limit=1)
        writer.write(ASK)
        await eventually(lambda: pushed > 0)
        await eventually(lambda: on.listener.running == 0)
        assert pushed == 2000 * 65_536
        writer.close()
    assert on.refused == []


# What is refused without the application.


async def test_garbage_is_400_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    """A client that speaks no HTTP gets a problem, which is counted, and no line in the log."""
    async with listening(echo) as on:
        with caplog.at_level(logging.DEBUG):
            head, _, body = (await talk(on.port, b"nonsense\r\n\r\n")).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\n")
        assert b"connection: close" in head
        document = json.loads(body)
        assert (document["status"], document["reason"]) == (400, "malformed")
        assert document["request_id"].encode() in head
        assert on.refused == [(400, "malformed")]
    assert [entry.message for entry in caplog.records if entry.name.startswith("cutover")] == []


async def test_answers_that_are_owed_come_before_the_refusal() -> None:
    """What is malformed behind a good request is refused after that one was answered."""
    async with listening(echo) as on:
        answers = await talk(on.port, ASK + b"nonsense\r\n\r\n" + ASK)
        assert answers.count(b"HTTP/1.1 200 ") == 1
        assert answers.index(b"HTTP/1.1 200 ") < answers.index(b"HTTP/1.1 400 ")
        assert answers.count(b"HTTP/1.1 ") == 2


async def test_nothing_is_read_behind_the_last_request() -> None:
    """What follows `Connection: close` is neither answered nor refused."""
    async with listening(echo) as on:
        assert (await talk(on.port, LAST + ASK)).count(b"HTTP/1.1 ") == 1
        assert on.refused == []


async def test_malformed_body_is_400_when_nothing_was_answered() -> None:
    """Broken chunks are 400, and nothing behind them is a request."""
    async with listening(echo) as on:
        answered = await talk(on.port, CHUNKED + b"5\r\nhelloX\r\n0\r\n\r\n" + ASK)
        assert answered.startswith(b"HTTP/1.1 400 ")
        assert answered.count(b"HTTP/1.1 ") == 1
        assert on.refused == [(400, "framing")]


async def test_endless_head_is_refused_before_it_fills_the_memory() -> None:
    """One header line, or many, without an end are cut off with 431 once they exceed the limit."""
    for piece in (b"a" * 20_000, b"b: c\r\n" * 20_000):
        async with listening(echo, head=20_000) as on:
            answered = await talk(on.port, (b"GET / HTTP/1.1\r\nx: " + piece)[:20_001])
            assert answered.startswith(b"HTTP/1.1 431 ")
            assert on.refused == [(431, "head-size")]


async def test_head_of_tiny_lines_is_refused_before_its_bytes_are() -> None:
    """Ten thousand empty headers fill ten times the memory that they took on the wire, and wait for no end."""
    async with listening(echo, lines=500) as on:
        answered = await talk(on.port, b"GET / HTTP/1.1\r\n" + b"a:\r\n" * 502)
        assert answered.startswith(b"HTTP/1.1 431 ")
        assert on.refused == [(431, "head-size")]


async def test_endless_trailers_are_cut() -> None:
    """Trailers, and extensions of a chunk, are bounded as a head is."""
    for end in (b"0\r\n" + b"b: c\r\n" * 100_000, b"5;" + b"x" * 600_000):
        async with listening(echo, head=20_000) as on:
            answered = await talk(on.port, CHUNKED + end)
            assert answered.startswith(b"HTTP/1.1 400 ")


async def test_slow_head_is_given_up() -> None:
    """A client that does not complete its request head is hung up on; one that began to send is counted."""
    for start, refused in ((b"", []), (b"\r\n", []), (b"GET / HTTP/1.1\r\nHost: a\r\nX", [(408, "slow-head")])):
        async with listening(echo, head_seconds=0.1) as on:
            assert await talk(on.port, start) == b""
            assert on.refused == (refused if start != b"\r\n" else on.refused)


async def test_resting_connection_is_closed() -> None:
    """After an answer a connection may rest for `keep_alive`, longer than a head may take."""
    async with listening(echo, head_seconds=0.1, keep_alive=0.6) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        for pause in (0.3, 0.0):
            writer.write(ASK)
            await reader.readuntil(b"?x")
            await asyncio.sleep(pause)
        assert await reader.read() == b""
        writer.close()
        assert on.refused == []


async def test_head_time_does_not_limit_the_answer() -> None:
    """An answer may take longer than the request head."""

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.3)
        await echo(scope, receive, send)

    async with listening(slow, head_seconds=0.05, keep_alive=0.05) as on:
        assert (await talk(on.port, ASK, until=b"/a%2Fb?x")).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("pace", [0.0, 0.02])
async def test_slow_body_is_given_up(pace: float) -> None:
    """A body that stops coming, or drips below the rate, is 408, and the connection ends."""
    async with listening(echo, idle=0.2, rate=5000) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(POST.replace(b"5", b"50000") + b"\r\nx")
        call = asyncio.create_task(reader.read())
        async with asyncio.timeout(5):
            while not call.done():
                if pace:
                    writer.write(b"x")
                await asyncio.sleep(pace or 0.02)
        assert (await call).startswith(b"HTTP/1.1 408 ")
        assert on.refused == [(408, "slow-body")]
        writer.close()


async def test_too_many_connections_are_503() -> None:
    """One connection more than the bound is told so; when one leaves the next is served."""
    async with listening(echo, connections=1) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(ASK)
        await reader.readuntil(b"?x")
        assert (await talk(on.port, b"")).startswith(b"HTTP/1.1 503 ")
        assert on.refused == [(503, "full")]
        writer.close()
        await eventually(lambda: on.listener.connections == 0)
        assert (await talk(on.port, LAST)).startswith(b"HTTP/1.1 200 ")


async def test_trailers_are_no_headers() -> None:
    """What stands behind a chunked body is never taken for a header (RFC 9110 §6.5.1)."""
    told: list[tuple[bytes, bytes]] = []

    async def spy(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        told.extend(scope["headers"])
        await answer(send, b"")

    async with listening(spy) as on:
        await talk(on.port, CHUNKED + b"0\r\nX-Forwarded-For: 6.6.6.6\r\nAuthorization: x\r\n\r\n")
    assert [name for name, _ in told] == [b"host", b"connection", b"transfer-encoding"]


@pytest.mark.parametrize("upgrade", [b"h2c", b"websocket"])
async def test_what_follows_an_upgrade_is_no_second_request(upgrade: bytes) -> None:
    """The body of a request that asks for an upgrade is never read as another request."""
    head = b"POST /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: %s\r\nContent-Length: %d\r\n\r\n"
    async with listening(echo) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port)
        writer.write(head % (upgrade, len(ASK)))
        await asyncio.sleep(0.05)
        writer.write(ASK + ASK)
        async with asyncio.timeout(5):
            assert (await reader.read()).count(b"HTTP/1.1 ") == 1
        writer.close()
