"""HTTP/2 on one connection."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from time import process_time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from hyperframe.frame import ContinuationFrame, DataFrame, HeadersFrame, PingFrame, PriorityFrame, SettingsFrame

from gateway.listen.framing import SHARED_WINDOW
from gateway.listen.tls import Certificate
from tests.apps.certificates import trusting, written
from tests.apps.h2client import ASK, MALFORMED, Client, h2_client
from tests.apps.listening import Listening, answer, echo, listening
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

POST: Any = [(":method", "POST"), *ASK[1:]]


@pytest.fixture
def tls(tmp_path: Path) -> Any:
    """A certificate."""
    return written(tmp_path)


@asynccontextmanager
async def talking(tls: Any, app: Any = echo, **bounds: Any) -> AsyncIterator[tuple[Listening, Client]]:
    """A listener over TLS, and a client that agreed on h2."""
    async with (
        listening(app, certificate=Certificate(tls), **bounds) as on,
        h2_client(on.port, trusting(tls, "h2")) as client,
    ):
        yield on, client


async def test_a_real_client_is_answered(tls: Any) -> None:
    """The httpx client over HTTP/2 gets and posts, several at once, on one connection."""
    async with (
        listening(echo, certificate=Certificate(tls)) as on,
        httpx.AsyncClient(
            http2=True, http1=False, verify=trusting(tls), base_url=f"https://127.0.0.1:{on.port}"
        ) as c,
    ):
        answers = await asyncio.gather(*(c.post(f"/p%2F{n}?q", content=b"x" * n * 20_000) for n in range(20)))
        assert [one.http_version for one in answers] == ["HTTP/2"] * 20
        assert [len(one.content) for one in answers] == [
            len(f"/p%2F{n}?q") + (1 + n * 20_000 if n else 0) for n in range(20)
        ]
        assert "strict-transport-security" in answers[0].headers
        assert on.listener.connections == 1


async def test_scope_reads_like_that_of_http1(tls: Any) -> None:
    """:authority is Host, split cookies are one, and a body of unknown length is marked."""
    scopes: list[Any] = []

    async def spy(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await echo(scope, receive, send)

    async with talking(tls, spy) as (_, client):
        split = [("cookie", "a=1"), ("x-y", "z"), ("cookie", "b=2")]
        assert (await client.answer(client.ask([*ASK, *split]))).body == b"/a"
        assert (await client.answer(client.ask(POST, b"hi"))).body == b"/a hi"
        assert (await client.answer(client.ask([*POST, ("content-length", "2")], b"hi"))).body == b"/a hi"
    first, second, third = (scope["headers"] for scope in scopes)
    assert first == [(b"host", b"a"), (b"x-y", b"z"), (b"cookie", b"a=1; b=2")]
    assert second == [(b"host", b"a"), (b"transfer-encoding", b"chunked")]
    assert third == [(b"host", b"a"), (b"content-length", b"2")]
    assert (scopes[0]["http_version"], scopes[0]["scheme"], scopes[0]["state"]["target"]) == ("2", "https", b"/a")


async def test_answers_without_a_body_end_with_their_head(tls: Any) -> None:
    """HEAD and 204 carry no data; headers that HTTP/2 does not know are left out."""

    async def app(scope: Any, _receive: Any, send: Any) -> None:
        status = 204 if scope["path"] == "/a" else 200
        await answer(send, b"" if status == 204 else b"hidden", (b"connection", b"close"), status=status)

    async with talking(tls, app) as (_, client):
        empty = await client.answer(client.ask())
        assert (empty.status, empty.body, empty.ended) == (204, b"", True)
        assert empty.header(b"connection") == b""
        head = await client.answer(client.ask([(":method", "HEAD"), *ASK[1:3], (":path", "/h")]))
        assert (head.status, head.body, head.header(b"content-length")) == (200, b"", b"6")


async def test_trailers_are_no_headers(tls: Any) -> None:
    """What comes behind the body is dropped."""
    async with talking(tls) as (_, client):
        identity = client.ask(POST, b"hi", end=False)
        client.h2.send_headers(identity, [("x-user-id", "root")], end_stream=True)
        client.send()
        assert (await client.answer(identity)).body == b"/a hi"


async def test_continue_is_said_when_the_body_is_wanted(tls: Any) -> None:
    """Expect: 100-continue gets an informational answer first."""
    async with talking(tls) as (_, client):
        identity = client.ask([*POST, ("expect", "100-continue")], end=False)
        await client.until(lambda: client.answers[identity].informational == [100])
        client.h2.send_data(identity, b"hi", end_stream=True)
        client.send()
        assert (await client.answer(identity)).body == b"/a hi"


async def test_upload_waits_while_the_application_does_not_read(tls: Any) -> None:
    """A client may send what its windows hold and no more, over all streams together."""
    release = asyncio.Event()

    async def later(scope: Any, receive: Any, send: Any) -> None:
        await release.wait()
        await echo(scope, receive, send)

    async with talking(tls, later) as (_, client):
        await client.until(lambda: client.h2.remote_settings.initial_window_size > 65_535)
        streams = [client.ask(POST, end=False) for _ in range(6)]
        pushed = 0
        while True:
            await asyncio.sleep(0)
            for identity in streams:
                while (room := min(client.h2.local_flow_control_window(identity), 16_384)) > 0:
                    client.h2.send_data(identity, b"x" * room)
                    pushed += room
            if all(not client.h2.local_flow_control_window(identity) for identity in streams):
                break
        assert pushed == SHARED_WINDOW
        client.send()
        release.set()
        for identity in streams:
            await client.until(lambda identity=identity: client.h2.local_flow_control_window(identity))
            client.h2.send_data(identity, b"", end_stream=True)
            client.send()
        answers = [await client.answer(identity) for identity in streams]
        assert sum(one.body.count(b"x") for one in answers) == pushed


async def test_download_waits_for_the_clients_windows(tls: Any) -> None:
    """An answer stops where the client's window does, other streams go on, and it is given up in the end."""
    pushed = 0

    async def app(scope: Any, receive: Any, send: Any) -> None:
        nonlocal pushed
        if scope["path"] == "/a":
            await echo(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": b"x" * 10_000, "more_body": True})
            pushed += 10_000

    async with talking(tls, app, idle=0.4) as (on, client):
        client.acknowledge = False
        client.h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 20_000})
        client.send()
        slow = client.ask([*ASK[:3], (":path", "/slow")])
        await client.until(lambda: len(client.answers[slow].body) == 20_000)
        assert pushed < 60_000
        assert (await client.answer(client.ask())).body == b"/a"
        given_up = await client.answer(slow)
        assert given_up.reset == ErrorCodes.CANCEL
        await eventually(lambda: on.listener.running == 0)


async def test_client_that_takes_a_request_back_is_told_to_the_application(tls: Any) -> None:
    """RST_STREAM is http.disconnect, at once."""
    told = asyncio.Event()

    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        await receive()
        assert (await receive())["type"] == "http.disconnect"
        told.set()

    async with talking(tls, app) as (_, client):
        identity = client.ask()
        client.h2.reset_stream(identity)
        client.send()
        async with asyncio.timeout(5):
            await told.wait()


@pytest.mark.parametrize("started", [False, True])
async def test_answer_left_incomplete_is_no_clean_end(tls: Any, started: bool) -> None:  # noqa: FBT001 - a table row
    """A fault before the answer is a 500, in the middle a reset."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        if started:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        raise RuntimeError("a fault")

    async with talking(tls, app) as (_, client):
        found = await client.answer(client.ask())
        assert (found.status, found.reset) == ((200, ErrorCodes.INTERNAL_ERROR) if started else (500, None))


async def test_early_answer_ends_an_upload(tls: Any) -> None:
    """Who is answered before its body has ended is told to stop (RFC 9113 §8.1)."""

    async def refuse(_scope: Any, _receive: Any, send: Any) -> None:
        await answer(send, b"no", status=413)

    async with talking(tls, refuse) as (_, client):
        identity = client.ask(POST, b"x" * 1000, end=False)
        await client.until(lambda: client.answers[identity].reset is not None)
        found = client.answers[identity]
        assert (found.status, found.body, found.reset) == (413, b"no", ErrorCodes.NO_ERROR)
        for _ in range(100):
            client.send(DataFrame(identity, b"x" * 10_000).serialize())
        assert (await client.answer(client.ask())).status == 413


@pytest.mark.parametrize("taken_back", [False, True])
async def test_bodies_that_nobody_takes_cost_no_window(tls: Any, taken_back: bool) -> None:  # noqa: FBT001 - a table row
    """However many uploads are refused or taken back unread, the connection takes the next one."""

    async def refuse(_scope: Any, _receive: Any, send: Any) -> None:
        await there.wait()
        await answer(send, b"no", status=401)

    there = asyncio.Event()
    async with talking(tls, refuse) as (_, client):
        for number in range(SHARED_WINDOW // 60_000 + 5):
            there.clear()
            await client.until(lambda: client.h2.outbound_flow_control_window >= 60_000)
            upload = client.ask(POST, end=False)
            for _ in range(4):
                client.h2.send_data(upload, b"x" * 15_000)
            if taken_back:
                client.h2.reset_stream(upload)
            client.h2.ping(b"are here")
            client.send()
            await client.until(lambda wanted=number + 1: client.pings == wanted)  # type: ignore[misc]
            there.set()
            assert taken_back or (await client.answer(upload)).status == 401


async def test_slow_body_is_given_up(tls: Any) -> None:
    """A body that stops coming is 408."""
    async with talking(tls, idle=0.1) as (on, client):
        found = await client.answer(client.ask(POST, b"x", end=False))
        assert found.status == 408
        assert on.refused == [(408, "slow-body")]


# What is refused.


@pytest.mark.parametrize("headers", [headers for _, headers in MALFORMED], ids=[name for name, _ in MALFORMED])
async def test_malformed_request_never_reaches_the_application(tls: Any, headers: Any) -> None:
    """What RFC 9113 calls malformed, or HTTP/1.1 would read differently, is refused and counted."""
    seen: list[Any] = []

    async def spy(scope: Any, receive: Any, send: Any) -> None:
        seen.append(scope)
        await echo(scope, receive, send)

    async with talking(tls, spy) as (on, client):
        identity = client.ask(headers)
        found = await client.answer(identity)
        assert found.status == 0
        assert found.reset is not None or client.goaway
        assert seen == []
        assert on.refused == [(400, "malformed")]


@pytest.mark.parametrize("length", ["1", "9"])
async def test_body_of_another_length_is_refused(tls: Any, length: str) -> None:
    """A body shorter or longer than Content-Length says never reaches the application as a whole one."""
    seen: list[bytes] = []

    async def spy(_scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            if not message["more_body"]:
                seen.append(message["body"])
                break
        await answer(send, b"")

    async with talking(tls, spy) as (_, client):
        identity = client.ask([*POST, ("content-length", length)], b"hello")
        found = await client.answer(identity)
        assert found.status in {0, 400}
        assert seen == []


async def test_long_header_list_is_refused(tls: Any) -> None:
    """More headers than announced end the connection, also when compression hides their length."""
    for fields in ([("x-a", "b" * 70_000)], [("x-a", "b" * 4000)] * 20):
        async with talking(tls) as (on, client):
            identity = client.ask([*ASK, *fields])
            await client.end()
            assert client.answers[identity].status == 0
            assert on.refused == [(400, "malformed")]


async def test_more_streams_than_allowed_are_refused(tls: Any) -> None:
    """The number of streams at once is announced and enforced."""
    release = asyncio.Event()

    async def wait(scope: Any, receive: Any, send: Any) -> None:
        await release.wait()
        await echo(scope, receive, send)

    async with talking(tls, wait, streams=3) as (on, client):
        await client.until(lambda: client.h2.remote_settings.max_concurrent_streams == 3)
        for _ in range(3):
            client.ask()
        await eventually(lambda: on.listener.running == 3)
        client.send(HeadersFrame(9, client.h2.encoder.encode(ASK), flags=["END_HEADERS", "END_STREAM"]).serialize())
        await client.end()
        assert client.goaway
        release.set()


async def test_rapid_resets_end_the_connection(tls: Any) -> None:
    """CVE-2023-44487: requests that are taken back at once pile up no work, and are not borne for long."""
    working = most = 0

    async def slow(_scope: Any, receive: Any, _send: Any) -> None:
        nonlocal working, most
        working += 1
        most = max(most, working)
        while (await receive())["type"] != "http.disconnect":
            pass
        await asyncio.sleep(0.01)
        working -= 1

    async with talking(tls, slow, streams=10) as (on, client):
        for _ in range(400):
            identity = client.h2.get_next_available_stream_id()
            client.h2.send_headers(identity, ASK, end_stream=True)
            client.h2.reset_stream(identity)
        client.send()
        await client.end()
        assert client.goaway == [ErrorCodes.ENHANCE_YOUR_CALM]
        assert on.refused == [(429, "resets")]
        assert most <= 20
        await eventually(lambda: working == 0)


@pytest.mark.parametrize(
    "frame",
    [
        SettingsFrame(0, settings={SettingCodes.MAX_FRAME_SIZE: 20_000}),
        PingFrame(0, b"12345678"),
        PriorityFrame(101, depends_on=0, stream_weight=1, exclusive=False),
    ],
    ids=["settings", "ping", "priority"],
)
async def test_flood_of_frames_ends_the_connection(tls: Any, frame: Any) -> None:
    """Frames that ask for nothing are borne up to a rate."""
    async with talking(tls) as (on, client):
        client.send(frame.serialize() * 3000)
        await client.end()
        assert on.refused == [(429, "flood")]


async def test_flood_of_empty_data_ends_the_connection(tls: Any) -> None:
    """Empty pieces of a body count as frames that ask for nothing."""
    async with talking(tls) as (on, client):
        identity = client.ask(POST, end=False)
        client.send(DataFrame(identity, b"").serialize() * 3000)
        await client.end()
        assert on.refused == [(429, "flood")]


@pytest.mark.parametrize("size", [0, 10_000])
async def test_flood_of_continuations_ends_the_connection(tls: Any, size: int) -> None:
    """CVE-2024-27316: a header block that never ends is cut."""
    async with talking(tls) as (on, client):
        client.send(HeadersFrame(1, b"").serialize() + ContinuationFrame(1, b"\0" * size).serialize() * 100)
        await client.end()
        assert on.refused == [(400, "malformed")]


async def test_tiny_frames_cost_little_time(tls: Any) -> None:
    """A megabyte of one-byte frames is worked off within a moment, and others are served meanwhile."""
    async with talking(tls) as (on, client), h2_client(on.port, trusting(tls, "h2")) as other:
        identity, began = client.ask(POST, end=False), process_time()
        client.send(DataFrame(identity, b"x").serialize() * 20_000)
        assert (await other.answer(other.ask())).body == b"/a"
        client.h2.send_data(identity, b"", end_stream=True)
        client.send()
        # A busy machine takes longer, but no more work.
        await client.until(lambda: client.answers[identity].ended or client.goaway, seconds=40)
        assert process_time() - began < 5


async def test_other_preface_is_hung_up_on(tls: Any) -> None:
    """Who agreed on h2 and speaks HTTP/1.1 gets no answer."""
    async with listening(echo, certificate=Certificate(tls)) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port, ssl=trusting(tls, "h2"))
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        async with asyncio.timeout(5):
            assert b"HTTP/1.1" not in await reader.read()
        writer.close()


async def test_silent_and_resting_connections_end(tls: Any) -> None:
    """A client that says nothing has the time of a head, one that rests that of a kept connection."""
    async with listening(echo, certificate=Certificate(tls), head_seconds=0.1, keep_alive=0.4) as on:
        reader, writer = await asyncio.open_connection("127.0.0.1", on.port, ssl=trusting(tls, "h2"))
        async with asyncio.timeout(5):
            await reader.read(-1)
        writer.close()
        async with h2_client(on.port, trusting(tls, "h2")) as client:
            await client.answer(client.ask())
            await client.end()
            assert client.goaway == [ErrorCodes.NO_ERROR]


async def test_connection_ends_after_its_requests(tls: Any) -> None:
    """The last request of a connection is answered, then GOAWAY."""
    async with talking(tls, requests=2) as (_, client):
        for _ in range(2):
            assert (await client.answer(client.ask())).body == b"/a"
        await client.end()
        assert client.goaway


async def test_stop_lets_streams_finish_and_says_so(tls: Any) -> None:
    """Drain: GOAWAY first, open streams are answered, late ones still counted are, then the connection ends."""
    release, started = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        started.set()
        await release.wait()
        await echo(scope, receive, send)

    async with talking(tls, slow) as (on, client):
        early = client.ask()
        await started.wait()
        stopping = asyncio.create_task(on.listener.stop(5))
        await client.until(lambda: client.last)
        assert client.last == [(1 << 31) - 1]
        # On its way before the client knew; the package refuses to send after a GOAWAY.
        client.send(HeadersFrame(3, client.h2.encoder.encode(ASK), flags=["END_HEADERS", "END_STREAM"]).serialize())
        await eventually(lambda: on.listener.running == 2)
        release.set()
        data = b""
        async with asyncio.timeout(5):
            while piece := await client.reader.read(65_536):
                data += piece
        assert data.count(b"/a") == 2
        assert await stopping == 0
        assert early == 1
