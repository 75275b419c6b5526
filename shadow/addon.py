"""The mitmproxy addon: hooks become plans, exchanges become copies. The only module that imports mitmproxy."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from mitmproxy import connection, ctx, http

from gateway.config import load_table
from gateway.core.exchange import Response
from gateway.core.observation import Bucket
from gateway.core.routes import Stage
from gateway.flags.watch import FlagWatch
from gateway.store.database import secret_key
from shadow import invisible
from shadow.connections import Connections
from shadow.entrance import Came, Entrance
from shadow.forwarded import is_marked
from shadow.handover import Handover
from shadow.idempotency import once
from shadow.modes import gateway_at, host_port
from shadow.plan import Copying, Side
from shadow.reach import Reach
from shadow.relay import relay
from shadow.serve import decide, needs_body
from shadow.turn import COPY_LIMIT, Turn, declared_length
from shadow.unused import lighten
from shadow.wire import last_answer, to_bytes, to_text

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from mitmproxy import tcp, tls
    from mitmproxy.addonmanager import Loader

    from shadow.connections import End, Handler

_TURN = "cutover"
_FAULT = 500


class ShadowAddon:
    """Serves by stage, stays invisible, and hands complete exchanges over."""

    def __init__(self) -> None:
        self._books = Handover()
        self._connections = Connections(_handler)
        self._watch: FlagWatch | None = None
        self._turns: WeakKeyDictionary[connection.Client, Turn] = WeakKeyDictionary()

    def load(self, loader: Loader) -> None:
        """Declare the options `--set` gives."""
        loader.add_option("cutover_config", str, "", "The route table.")
        loader.add_option("cutover_store", str, "", "The store.")
        loader.add_option("cutover_channel", str, "", "The Unix socket on which the mirror worker calls.")

    def configure(self, updated: AbstractSet[str]) -> None:
        """Read table, flags and keys once, before the first listener accepts."""
        if self._watch or "cutover_store" not in updated or not ctx.options.cutover_store:
            return
        store = Path(ctx.options.cutover_store)
        self._table = load_table(Path(ctx.options.cutover_config))
        self._entrance = Entrance(self._table)
        self._key = secret_key(store.parent, "fingerprint")
        self._once = once(self._table, store)
        self._gateway = gateway_at(self._table)
        self._reach = Reach(*self._gateway[:2])
        addresses = ",".join(service.shadow_listen for service in self._table.services.values())
        self._watch = FlagWatch(store, "shadow", addresses)
        self._watch.start()

    async def running(self) -> None:
        """Open the way to the worker, and let go of what only costs time."""
        lighten(ctx.master.addons, http.MessageData)
        await self._books.start(Path(ctx.options.cutover_channel))

    async def done(self) -> None:
        """Send the last counts and withdraw."""
        await self._books.stop()
        if self._watch:
            self._watch.stop()
            await self._once.close()

    async def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Decide who serves; stream what is too large to be kept."""
        came = self._came(flow)
        if refused := self._entrance.refused(came):
            self._turn_away(flow, *refused)
            return
        turn = self._begin(flow, came)
        flow.metadata[_TURN] = self._turns[flow.client_conn] = turn
        self._books.open(turn)
        if flow.error:
            # mitmproxy refuses the request as malformed and answers 400 itself.
            self._books.settle(turn, Bucket.UNMIRRORED, "malformed")
            return
        flow.request.headers = http.Headers(to_bytes(turn.request.headers))
        if self._entrance.proxied(came):
            data = flow.request.data
            data.host, data.port, flow.request.scheme = self._entrance.legacy(turn.plan.service)
        self._connections.distrust(flow.client_conn, all_of_them=not turn.repeatable)
        length = declared_length(turn.request)
        if turn.plan.side is not Side.SHADOW and (length is None or length > COPY_LIMIT):
            flow.request.stream = turn.pass_on
            if turn.plan.side is Side.GATEWAY:
                await self._direct(flow, turn)
            await self._admit(flow, turn)

    async def request(self, flow: http.HTTPFlow) -> None:
        """The request is complete: point it at the gateway, or answer for a closed route."""
        turn: Turn = flow.metadata[_TURN]
        turn.complete = time.monotonic()
        if flow.request.stream:
            turn.request = replace(turn.request, body=turn.sent.body)
            return
        turn.request = replace(turn.request, body=flow.request.raw_content or b"")
        if turn.plan.side is Side.SHADOW:
            flow.response = _to_mitmproxy(invisible.gone(self._table, turn))
        elif turn.plan.side is Side.GATEWAY:
            await self._direct(flow, turn)
        await self._admit(flow, turn)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Let every answer through as it comes, and say the gateway's redirects in legacy's terms."""
        turn: Turn = flow.metadata[_TURN]
        response = flow.response
        if response is None or turn.plan.side is Side.SHADOW:
            return
        turn.answered = time.monotonic()
        if turn.plan.side is Side.GATEWAY:
            self._disguise(turn, response)
        if response.status_code != 101:  # noqa: PLR2004 - switching protocols has no body
            response.stream = turn.pass_back if turn.kept or turn.plan.copying is not Copying.NONE else True

    def response(self, flow: http.HTTPFlow) -> None:
        """The answer is complete: count it, drop a connection not to be trusted, hand the copy over."""
        turn: Turn = flow.metadata[_TURN]
        response = flow.response
        if response is None:
            return
        trusted = response.status_code < _FAULT and turn.plan.side is not Side.GATEWAY
        self._connections.used(flow.server_conn, trusted=trusted)
        if not trusted and turn.complete:
            self._connections.drop(flow.client_conn, flow.server_conn)
        self._books.served(turn, response.status_code)
        self._once.answered(turn, response.status_code, to_text(response.headers.fields))
        self._books.finish(turn, _from_mitmproxy(response, turn.received.body))

    async def error(self, flow: http.HTTPFlow) -> None:
        """No complete answer: legacy answers where that is safe, else the client is told in words it can read."""
        turn: Turn | None = flow.metadata.get(_TURN)
        if turn is None or turn.settled:
            return
        if flow.response is not None:
            self._once.answered(turn, flow.response.status_code, to_text(flow.response.headers.fields), whole=False)
        self._once.unanswered(turn, connected=flow.server_conn.timestamp_tcp_setup is not None)
        waiting = flow.response is None and bool(flow.client_conn.state & connection.ConnectionState.CAN_WRITE)
        if not waiting:
            self._books.settle(turn, Bucket.UNMIRRORED, "aborted")
            return
        status = await self._answer_without_proxy(flow, turn)
        self._books.served(turn, status)
        self._books.settle(turn, *turn.lost(status))
        if flow.killable:
            flow.kill()  # type: ignore[no-untyped-call]

    def client_disconnected(self, client: connection.Client) -> None:
        """Settle what no other hook was called for: mitmproxy gives a connection up when it cannot read trailers."""
        turn = self._turns.pop(client, None)
        if turn is not None:
            self._once.unanswered(turn, connected=True)
            self._books.settle(turn, Bucket.UNMIRRORED, "aborted")

    def http_connect(self, flow: http.HTTPFlow) -> None:
        """Open tunnels to legacy addresses only: what passes inside is looked at like any other request."""
        if refused := self._entrance.tunnel_refused(self._came(flow)):
            self._books.turned_away(refused[0])
            flow.response = _to_mitmproxy(refused[1])

    def tls_established_client(self, data: tls.TlsData) -> None:
        """Remember how to speak to this client past mitmproxy's layers."""
        if isinstance(data.conn, connection.Client) and data.ssl_conn:
            self._connections.established(data.conn, data.ssl_conn)

    def tcp_message(self, flow: tcp.TCPFlow) -> None:
        """Forget what passed: a log socket stays open for days."""
        flow.messages.clear()

    def _came(self, flow: http.HTTPFlow) -> Came:
        client = flow.client_conn
        assert client.sockname and client.peername  # noqa: S101, PT018 - accepted
        asked = flow.request.data.host, flow.request.data.port
        return Came(client.sockname[1], client.peername[0], asked, tls=self._connections.is_tls(client))

    def _begin(self, flow: http.HTTPFlow, came: Came) -> Turn:
        service = self._entrance.service(came)
        assert self._watch and service  # noqa: S101, PT018 - configured, and let in
        headers, target = to_text(flow.request.headers.fields), flow.request.data.path.decode("latin-1")
        request = self._entrance.request(came, flow.request.method, target, headers)
        plan = decide(self._table, self._watch.snapshot, service, request, self._key)
        return Turn(plan.without_copy() if is_marked(headers) else self._books.sampled(plan), request)

    def _turn_away(self, flow: http.HTTPFlow, reason: str, answer: Response) -> None:
        self._books.turned_away(reason)
        if write := self._connections.writer(flow.client_conn):
            write(last_answer(answer))
        flow.kill()  # type: ignore[no-untyped-call]

    async def _direct(self, flow: http.HTTPFlow, turn: Turn) -> None:
        route = turn.plan.route
        assert route is not None  # noqa: S101 - the gateway serves routes only
        mapped = None if flow.request.stream and needs_body(route) else turn.in_gateway_terms()
        if mapped is None:
            turn.to_legacy(Bucket.UNMIRRORED, "unmappable")
            return
        if not await self._reach.accepts():
            turn.fallback = True
            turn.to_legacy(Bucket.PENDING, copying=Copying.FALLBACK)
            return
        turn.directed = True
        data = flow.request.data
        data.host, data.port, flow.request.scheme = self._gateway
        flow.request.data.method = mapped.method.encode("latin-1")
        flow.request.data.path = mapped.target.encode("latin-1")
        flow.request.headers = http.Headers(to_bytes(mapped.headers))
        if not flow.request.stream:
            flow.request.raw_content = mapped.body

    async def _admit(self, flow: http.HTTPFlow, turn: Turn) -> None:
        if turn.plan.side is not Side.LEGACY:
            return
        streamed = bool(flow.request.stream)
        refused = await self._once.admit(turn, whole=not streamed)
        if turn.held or refused:
            flow.request.stream = False
        if refused:
            flow.response = _to_mitmproxy(refused)
            if streamed and (write := self._connections.writer(flow.client_conn)):
                # Nobody wants the body, which would be read to its end first.
                self._books.settle(turn, turn.plan.bucket, turn.plan.reason)
                write(last_answer(refused))
                flow.kill()  # type: ignore[no-untyped-call]

    def _disguise(self, turn: Turn, response: http.Response) -> None:
        if location := response.headers.get("location"):
            response.headers["location"] = invisible.home(self._table, turn.plan.service, turn.request, location)
        if turn.plan.stage is Stage.GATEWAY:
            for name, value in invisible.farewell(turn.plan.flag, invisible.successor(self._table, turn)):
                response.headers.add(name, value)

    async def _answer_without_proxy(self, flow: http.HTTPFlow, turn: Turn) -> int:
        write = self._connections.writer(flow.client_conn)
        if write is None:
            return 0
        untouched = flow.server_conn.timestamp_tcp_setup is None
        kept = self._connections.answered_before(flow.server_conn)
        if not flow.request.stream and turn.may_be_asked_again(untouched=untouched, kept=kept):
            turn.fallback = turn.directed
            turn.plan = replace(turn.plan, side=Side.LEGACY)
            if refused := await self._once.admit(turn, whole=True):
                write(last_answer(refused))
                return refused.status
            legacy = host_port(self._table.services[turn.plan.service].legacy)
            status = await relay(legacy, turn.request, write, connect=3.0, idle=75.0)
            if status:
                self._once.answered(turn, status, (), whole=False)
                return status
            self._once.unanswered(turn, connected=True)
        write(last_answer(invisible.unavailable(self._table, turn.plan.service, turn.request)))
        return 0


def _handler(client: End) -> Handler | None:
    proxy = ctx.master.addons.get("proxyserver")  # type: ignore[no-untyped-call]
    return proxy.connections.get(client.id) if proxy and isinstance(client, connection.Client) else None


def _from_mitmproxy(response: http.Response, streamed: bytes) -> Response:
    body = streamed if response.stream else response.raw_content or b""
    reason = response.data.reason.decode("latin-1")
    return Response(response.status_code, to_text(response.headers.fields), body, reason)


def _to_mitmproxy(response: Response) -> http.Response:
    made = http.Response.make(response.status, response.body)
    made.headers = http.Headers(to_bytes(response.headers))
    return made


addons = [ShadowAddon()]
