"""WebSockets through the gateway."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.core.listening import Connections
from gateway.core.policy import Cors
from gateway.core.routes import Access, Kind, Stage, Timeouts
from gateway.websocket import sendable
from tests.apps.certificates import trusting, written
from tests.apps.echo import raw, respond, upstream
from tests.apps.gateways import running
from tests.apps.sidecar import sidecar
from tests.apps.table import INTERNAL_KEY, bearer, flags, route, service, settings, table, token
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from websockets.asyncio.client import ClientConnection

    from tests.apps.gateways import Running
    from tests.apps.sidecar import Sidecar

SUBSCRIPTION = {"type": "subscribe_logs", "provider": "nosana", "jobId": "job-1"}
FIRST = json.dumps(SUBSCRIPTION)


@asynccontextmanager
async def sockets(clock: list[float] | None = None, **policy: object) -> AsyncIterator[tuple[Running, Sidecar]]:
    """A gateway in front of a descriptor route and a sidecar; `clock` holds the time it goes by."""
    async with sidecar() as side, upstream() as up:
        known = table(
            up.address,
            route(
                "log-stream",
                "compute",
                "GET /deployment/logs/{id}/stream",
                "GET /api/v1/deployments/{id}/log-stream",
                rewrites=("ws_url",),
            ),
            route(
                "log-socket",
                "sidecar",
                "GET /nosana",
                "GET /api/v1/deployments/{id}/logs",
                kind=Kind.WEBSOCKET,
                aliases=("GET /{path*}",),
                timeouts=Timeouts(1, 1, 60),
            ),
            route("free", "sidecar", "GET /free", "GET /api/v1/free", kind=Kind.WEBSOCKET, access=Access.PUBLIC),
            services=(service("sidecar", side.address),),
            **policy,
        )
        body = json.dumps({"ws_url": "ws://127.0.0.1:3000/nosana?v=1", "subscription": SUBSCRIPTION}).encode()
        up.behave = raw(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        )
        time = {"clock": lambda: clock[0]} if clock else {}
        async with running(known, settings=settings(**time)) as gate:
            yield gate, side


async def address(gate: Running, deployment: str = "7", **claims: str | int) -> str:
    """The socket address that a client is handed out."""
    answer = await gate.get(f"/api/v1/deployments/{deployment}/log-stream", headers=bearer(**claims))
    url: str = answer.json()["ws_url"]
    return url


def free(gate: Running) -> str:
    """The address of a socket that asks for no ticket."""
    return gate.addresses.public.replace("http", "ws") + "/api/v1/free"


async def refusal(url: str, **headers: str) -> tuple[int, str]:
    """Status and reason with which a handshake is refused."""
    with pytest.raises(InvalidStatus) as refused:
        await connect(url, additional_headers=headers)
    response = refused.value.response
    document = json.loads(response.body or b"{}")
    return response.status_code, document["reason"]


async def test_handed_out_address_leads_to_the_subscription() -> None:
    """The rewritten ws_url opens a socket at the sidecar's own path, and frames pass both ways."""
    async with sockets() as (gate, side):
        url = await address(gate)
        assert url.startswith(gate.addresses.public.replace("http", "ws") + "/api/v1/deployments/7/logs?ticket=")
        async with connect(url, subprotocols=["other", "logs"]) as client:  # type: ignore[list-item]
            assert client.subprotocol == "logs"
            await client.send(FIRST)
            assert await client.recv() == FIRST
        assert side.paths == ["/nosana?v=1"]
        told = side.handshakes[0]
        assert (told["X-User-ID"], told["X-Internal-API-Key"], told["X-Forwarded-For"]) == (
            "user-1",
            INTERNAL_KEY,
            "127.0.0.1",
        )
        assert "Sec-WebSocket-Extensions" not in told


async def test_ticket_is_good_once() -> None:
    """Ticket reuse: the second handshake is 401."""
    async with sockets() as (gate, side):
        url = await address(gate)
        async with connect(url) as client:
            await client.send(FIRST)
            await client.recv()
        assert await refusal(url) == (401, "ticket-invalid")
        assert len(side.paths) == 1


async def test_ticket_expires() -> None:
    """Ticket expiry: after 30 s it opens nothing."""
    clock = [1_000_000.0]
    async with sockets(clock) as (gate, side):
        url = await address(gate, exp=2_000_000)
        clock[0] += 30.0
        assert await refusal(url) == (401, "ticket-invalid")
        assert side.paths == []


async def test_ticket_is_bound_to_its_deployment() -> None:
    """A ticket for deployment 7 does not open the socket of deployment 8, and none opens nothing."""
    async with sockets() as (gate, side):
        url = await address(gate)
        assert await refusal(url.replace("/7/", "/8/")) == (401, "ticket-invalid")
        assert await refusal(url.partition("?")[0]) == (401, "ticket-missing")
        assert await refusal(url.partition("?")[0], **bearer()) == (401, "ticket-missing")
        assert side.paths == []


async def test_ticket_is_bound_to_its_subject() -> None:
    """Who shows a credential beside the ticket must be the one it was issued to."""
    async with sockets() as (gate, _):
        other = {"Authorization": f"Bearer {token(sub='user-2')}"}
        assert await refusal(await address(gate), **other) == (403, "ticket-subject")
        async with connect(await address(gate), additional_headers=bearer()) as client:
            await client.send(FIRST)
            assert await client.recv() == FIRST


@pytest.mark.parametrize(
    "frame",
    [json.dumps({**SUBSCRIPTION, "jobId": "job-2"}), "{}", "nonsense", b"\x00", json.dumps({**SUBSCRIPTION, "x": 1})],
)
async def test_first_frame_must_be_the_subscription(frame: str | bytes) -> None:
    """Ticket with another subscription: the socket is closed with 1008 and the sidecar sees no frame."""
    async with sockets() as (gate, side):
        async with connect(await address(gate)) as client:
            await client.send(frame)
            with pytest.raises(ConnectionClosed) as closed:
                await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1008
        await eventually(lambda: len(side.closed) == 1)
        assert side.frames == []


@pytest.mark.parametrize("frame", [FIRST.replace("job-1", "job-2"), b"\x00", "hello"])
async def test_later_frame_may_not_subscribe_to_something_else(frame: str | bytes) -> None:
    """The service takes every frame for a subscription: another than the ticket's never reaches it."""
    async with sockets() as (gate, side), connect(await address(gate)) as client:
        await client.send(FIRST)
        await eventually(lambda: len(side.frames) == 1)
        await client.send(FIRST)
        await eventually(lambda: len(side.frames) == 2)
        await client.send(frame)
        await client.wait_closed()
        assert client.close_code == 1008
        assert side.frames == [FIRST, FIRST]


async def test_member_order_of_the_subscription_does_not_matter() -> None:
    """The same subscription in another order is the same."""
    async with sockets() as (gate, _), connect(await address(gate)) as client:
        await client.send(json.dumps(dict(reversed(SUBSCRIPTION.items())), indent=1))
        assert "job-1" in str(await client.recv())


async def test_close_of_the_service_reaches_the_client() -> None:
    """Code and reason of the service's close arrive."""
    async with sockets() as (gate, _), connect(free(gate)) as client:
        await client.send(FIRST)
        await client.recv()
        await client.send("close 4001 done here")
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "done here")


async def test_close_of_the_client_reaches_the_service() -> None:
    """Code and reason of the client's close arrive."""
    async with sockets() as (gate, side):
        client = await connect(await address(gate))
        await client.send(FIRST)
        await client.recv()
        await client.close(4002, "enough")
        await eventually(lambda: side.closed == [(4002, "enough")])


async def test_lost_client_ends_the_service_side() -> None:
    """A client that vanishes is told to the service as going away."""
    async with sockets() as (gate, side):
        client = await connect(await address(gate))
        await client.send(FIRST)
        await client.recv()
        client.transport.abort()
        await eventually(lambda: [code for code, _ in side.closed] == [1001])


async def test_lost_service_is_no_clean_close() -> None:
    """A service that vanishes is told to the client as 1011."""
    async with sockets() as (gate, _), connect(free(gate)) as client:
        await client.send(FIRST)
        await client.recv()
        await client.send("drop")
        with pytest.raises(ConnectionClosed) as closed:
            await client.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1011


async def test_socket_without_ticket_lets_the_service_speak_first() -> None:
    """A route whose address nobody hands out needs its own access only, and its query passes."""
    async with sockets() as (gate, side):
        url = gate.addresses.public.replace("http", "ws") + "/api/v1/free?a=%2F&ticket=x"
        async with connect(url) as client:
            await client.send("hello")
            assert await client.recv() == "hello"
            await client.send(b"\x00\xff")
            assert await client.recv() == b"\x00\xff"
        assert side.paths == ["/free?a=%2F"]


async def test_foreign_page_may_not_open_a_socket() -> None:
    """A browser page of an origin that is not listed is refused."""
    async with sockets(cors=Cors(origins=("http://page",))) as (gate, _):
        url = gate.addresses.public.replace("http", "ws") + "/api/v1/free"
        assert await refusal(url, Origin="http://evil") == (403, "origin")
        async with connect(url, additional_headers={"Origin": "http://page"}) as client:
            await client.send("x")


async def test_unknown_and_unserved_sockets_are_404() -> None:
    """A path without a socket route, and a route that never left shadow, are 404."""
    async with sockets() as (gate, _):
        base = gate.addresses.public.replace("http", "ws")
        assert await refusal(f"{base}/nope") == (404, "no-route")
        assert await refusal(f"{base}/api/v1/%2e%2e/free") == (400, "target")
        gate.flags = flags(gate.gateway.context.table, Stage.SHADOW)
        assert await refusal(f"{base}/api/v1/free") == (404, "not-served")
        gate.flags = flags(gate.gateway.context.table, Stage.SHADOW, left_shadow=True)
        async with connect(f"{base}/api/v1/deployments/7/logs") as client:
            await client.send("transparent")
            assert await client.recv() == "transparent"


async def test_internal_listener_takes_no_sockets() -> None:
    """Copies of sockets do not exist."""
    async with sockets() as (gate, _):
        with pytest.raises(InvalidStatus):
            await connect(gate.addresses.internal.replace("http", "ws") + "/api/v1/free")


async def test_failing_handshakes_of_the_service_are_told() -> None:
    """A service that is away is 502, one that hangs is 504, one that refuses is passed on."""
    hang = asyncio.Event()

    async def silent(*_: object) -> bool:
        await hang.wait()
        return False

    routes = [
        route(
            name,
            name,
            "GET /s",
            f"GET /{name}",
            kind=Kind.WEBSOCKET,
            access=Access.PUBLIC,
            timeouts=Timeouts(0.1, 0.1),
        )
        for name in ("away", "slow", "firm")
    ]
    refuse = raw(b"HTTP/1.1 418 Teapot\r\nContent-Type: text/x\r\nContent-Length: 2\r\n\r\nno", keep=False)
    async with upstream(silent) as slow, upstream(refuse) as firm:
        known = [service("away", "http://127.0.0.1:9"), service("slow", slow.address), service("firm", firm.address)]
        async with running(table("http://unused", *routes, services=tuple(known))) as gate:
            base = gate.addresses.public.replace("http", "ws")
            assert await refusal(f"{base}/away") == (502, "connect")
            assert await refusal(f"{base}/slow") == (504, "timeout")
            with pytest.raises(InvalidStatus) as refused:
                await connect(f"{base}/firm")
            assert (refused.value.response.status_code, refused.value.response.body) == (418, b"no")
        hang.set()


@pytest.mark.parametrize("to", ["", "http://127.0.0.1:9"])
async def test_redirect_of_the_service_is_not_followed(to: str) -> None:
    """A handshake goes to the route's own path of its service: the gateway's key is taken nowhere else."""

    async def elsewhere(_seen: object, _reader: object, writer: asyncio.StreamWriter) -> bool:
        return await respond(writer, 307, b"", [("Location", f"{to or up.address.replace('http', 'ws')}/internal/x")])

    async with upstream(elsewhere) as up:
        one = route("s", "compute", "GET /s", "GET /s", kind=Kind.WEBSOCKET, access=Access.PUBLIC)
        async with running(table(up.address, one)) as gate:
            # The client of this test would follow it, too, where it were told the way.
            with pytest.raises(InvalidStatus) as refused:
                await connect(gate.addresses.public.replace("http", "ws") + "/s")
        response = refused.value.response
        assert (response.status_code, response.headers.get("location")) == (307, None)
        assert [seen.target for seen in up.seen] == ["/s"]


@pytest.mark.parametrize(("code", "may"), [(1000, True), (1005, False), (1006, False), (1015, False), (3000, True)])
def test_some_codes_never_stand_in_a_frame(code: int, may: bool) -> None:  # noqa: FBT001 - a table row
    """Reserved codes are not sent (RFC 6455 §7.4.1)."""
    assert sendable(code) is may


# Bounds, and ends on either side.


@asynccontextmanager
async def before(
    talk: Callable[[ServerConnection], Awaitable[None]], *, drain: float = 2.0, **options: Any
) -> AsyncIterator[Running]:
    """A gateway before one service whose sockets talk like this; options are those of `Connections`."""
    async with serve(talk, "127.0.0.1", 0, max_size=None, close_timeout=0.1) as server:
        address = "http://{}:{}".format(*next(iter(server.sockets)).getsockname()[:2])
        one = route("free", "sidecar", "GET /free", "GET /api/v1/free", kind=Kind.WEBSOCKET, access=Access.PUBLIC)
        known = table(
            "http://unused",
            one,
            services=(service("sidecar", address),),
            connections=Connections(**options),
            drain=drain,
        )
        async with running(known) as gate:
            yield gate


async def test_close_without_a_code_stays_one() -> None:
    """An empty close frame of the service reaches the client as such; a client's reaches the service as 1000."""
    closed: list[int | None] = []

    async def talk(socket: ServerConnection) -> None:
        if await socket.recv() == "close":
            socket.protocol.send_close()
            socket.transport.write(b"".join(socket.protocol.data_to_send()))
        await socket.wait_closed()
        closed.append(socket.close_code)

    async with before(talk) as gate:
        async with connect(free(gate)) as client:
            await client.send("close")
            await client.wait_closed()
            assert client.close_code == 1005
        async with connect(free(gate)) as client:
            await client.send("go on")
            client.protocol.send_close()
            client.transport.write(b"".join(client.protocol.data_to_send()))
            await client.wait_closed()
        await eventually(lambda: len(closed) == 2)
        assert closed[1] == 1000


async def test_message_that_is_too_long_ends_both_sides() -> None:
    """Who sends it hears 1009; to the service the client goes away, to the client the service has broken."""
    closed: list[int | None] = []

    async def talk(socket: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            if await socket.recv() == "send":
                await socket.send("x" * 2000)
        await socket.wait_closed()
        closed.append(socket.close_code)

    async with before(talk, message=1000) as gate:
        for word, code in (("x" * 2000, 1009), ("send", 1011)):
            async with connect(free(gate)) as client:
                await client.send(word)
                await client.wait_closed()
                assert client.close_code == code
        await eventually(lambda: closed == [1001, 1009])
        count = gate.gateway.context.metrics.value
        assert count("cutover_sockets_total", code="1009") == 1


async def test_slow_service_pauses_the_client() -> None:
    """A client cannot push more than buffers hold into a service that does not read."""
    release = asyncio.Event()

    async def lazy(socket: ServerConnection) -> None:
        socket.transport.pause_reading()
        await release.wait()

    async with before(lazy) as gate:
        client = await connect(free(gate), close_timeout=0.1)
        pushed = await push(client)
        assert pushed < 30_000_000
        release.set()
        client.transport.abort()


async def test_slow_client_pauses_the_service() -> None:
    """A service cannot push more than buffers hold into a client that does not read."""
    pushed: list[int] = []

    async def flood(socket: ServerConnection) -> None:
        pushed.append(await push(socket))

    async with before(flood) as gate:
        client = await connect(free(gate), close_timeout=0.1)
        client.transport.pause_reading()
        await eventually(lambda: bool(pushed), 20)
        assert pushed[0] < 30_000_000
        client.transport.abort()


async def push(socket: ClientConnection | ServerConnection) -> int:
    """Send until nothing is taken for a while; how many bytes that was."""
    pushed = 0
    with suppress(TimeoutError, ConnectionClosed):
        for _ in range(3000):
            async with asyncio.timeout(0.4):
                await socket.send(b"x" * 65_536)
            pushed += 65_536
    return pushed


async def test_compression_is_each_hops_own() -> None:
    """Client and service both offer permessage-deflate: neither gets it, and long messages pass whole."""
    extensions: list[Any] = []

    async def echo(socket: ServerConnection) -> None:
        extensions.append(socket.protocol.extensions)
        await socket.send(await socket.recv())

    async with before(echo) as gate, connect(free(gate), compression="deflate") as client:
        assert client.protocol.extensions == []
        await client.send("x" * 100_000)
        assert await client.recv() == "x" * 100_000
        assert extensions == [[]]


async def test_dead_service_is_noticed() -> None:
    """A service that answers no ping is given up, and the client hears 1011."""
    release = asyncio.Event()

    async def dead(socket: ServerConnection) -> None:
        socket.transport.pause_reading()
        await release.wait()

    async with before(dead, ping=0.2) as gate:
        client = await connect(free(gate), ping_interval=None)
        async with asyncio.timeout(4):
            await client.wait_closed()
        assert (client.close_code, client.close_reason) == (1011, "the service broke the connection")
        release.set()


async def test_stopping_gateway_tells_both_sides() -> None:
    """Drain: the client hears 1012, the service 1001."""
    closed: list[int | None] = []

    async def wait(socket: ServerConnection) -> None:
        await socket.wait_closed()
        closed.append(socket.close_code)

    async with before(wait, drain=5.0) as gate:
        client = await connect(free(gate))
    assert (client.close_code, client.close_reason) == (1012, "the gateway stops")
    await eventually(lambda: closed == [1001])


async def test_socket_over_tls(tmp_path: Path) -> None:
    """Over TLS the address that is handed out is wss, the service is told https, and frames pass."""
    tls = written(tmp_path)
    async with sockets(tls=tls) as (gate, side):
        url = await address(gate)
        assert url.startswith(gate.addresses.public.replace("https", "wss"))
        async with connect(url, ssl=trusting(tls)) as client:
            await client.send(FIRST)
            assert await client.recv() == FIRST
        assert side.handshakes[0]["X-Forwarded-Proto"] == "https"
