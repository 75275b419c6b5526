"""The real gateway with one wrong row of facts §8 switched on: what the instruments must find.

Each fault replaces one step of the spine (`gateway.handle.Parts`), or wraps the served application; the gateway
itself knows nothing of it.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from gateway.answer import Answer
from gateway.app import Gateway, build_app
from gateway.core.exchange import header
from gateway.core.routes import Timeouts
from gateway.forward import problem
from gateway.handle import Parts
from gateway.headers import states_identity
from gateway.match import match
from gateway.prepare import dressed, mapped
from gateway.problem import NotAllowed, Problem
from gateway.transform import transform
from gateway.transport.client import send
from gateway.transport.errors import TransportError
from gateway.transport.origin import origin_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from gateway.core.exchange import Headers, Request
    from gateway.core.routes import Route, Service
    from gateway.core.table import Matched, RouteTable
    from gateway.flags.flag import FlagSnapshot
    from gateway.incoming import Body
    from gateway.settings import Settings
    from gateway.transport.client import Upstream
    from gateway.transport.pool import Pool

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    App = Callable[[Message, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """One wrong row: which instrument must find it (`upstream`, `response` or `probe`), and at which location.

    `parts` are the steps it replaces; `wrap` goes around both listeners; `unlimited` takes the body limit away.
    """

    row: str
    meaning: str
    instrument: str
    location: str
    parts: Parts = Parts()  # noqa: RUF009 - frozen
    wrap: Callable[[App], App] | None = None
    unlimited: bool = False


# Upstream requests.


def outgoing(change: Callable[[Request, Request, Service], Headers]) -> Parts:
    """A gateway that sends these headers: `change` gets the client's request, the right one, and the service."""

    def wrong(request: Request, service: Service, *rest: Any, **options: Any) -> Request:
        right = dressed(request, service, *rest, **options)
        return replace(right, headers=change(request, right, service))

    return Parts(dressed=wrong)


def _jwt_forwarded(request: Request, right: Request, _service: Service) -> Headers:
    token = header(request.headers, "authorization")
    if token is None or header(right.headers, "authorization") is not None:
        return right.headers
    return (*right.headers, ("authorization", token))


def _spoofed_first(request: Request, right: Request, _service: Service) -> Headers:
    own = tuple(pair for pair in request.headers if states_identity(pair[0]) and "forwarded" not in pair[0].lower())
    return (*own, *right.headers)


def _host_unchanged(request: Request, right: Request, _service: Service) -> Headers:
    kept = tuple(
        pair for pair in right.headers if not pair[0].lower().startswith("x-forwarded-") and pair[0].lower() != "via"
    )
    return (("Host", header(request.headers, "host") or ""), *kept[1:])


def _request_id_lost(request: Request, right: Request, _service: Service) -> Headers:
    given = header(request.headers, "x-request-id")
    kept = tuple(pair for pair in right.headers if pair[0].lower() != "x-request-id")
    return kept if given is None else (*kept, ("x-request-id", given))


def target(change: Callable[[str], str]) -> Parts:
    """A gateway that asks the service for this target."""

    def wrong(table: RouteTable, matched: Matched, request: Request) -> Request:
        right = mapped(table, matched, request)
        return replace(right, target=change(right.target))

    return Parts(mapped=wrong)


def _last_parameter_only(target: str) -> str:
    path, mark, query = target.partition("?")
    last = {pair.partition("=")[0]: pair for pair in query.split("&")}
    return path + mark + "&".join(last.values())


def _slash_decoded(target: str) -> str:
    path, mark, query = target.partition("?")
    return path.replace("%2F", "/").replace("%2f", "/") + mark + query


def _pools_replaced(target: str) -> str:
    return target.replace("/deployment/listPools/", "/", 1)


def _management_doubled(target: str) -> str:
    return "/management" + target if target.startswith("/management/deployments") else target


async def _buffered_upload(
    pool: Pool, service: Service, route: Route, request: Request, body: Body | None, **options: Any
) -> Upstream:
    if body is not None:
        content = await body.read()
        kept = tuple(
            pair for pair in request.headers if pair[0].lower() not in {"content-length", "transfer-encoding"}
        )
        request = replace(request, body=content, headers=(*kept, ("content-length", str(len(content)))))
    return await Parts().forward(pool, service, route, request, None, **options)  # type: ignore[no-any-return]


async def _one_timeout(
    pool: Pool, service: Service, _route: Route, request: Request, body: Body | None, **_options: Any
) -> Upstream:
    try:
        return await send(pool, origin_of(service.internal), request, body, Timeouts(300, 300, 300))
    except TransportError as error:
        unavailable = problem(service, error)
        unavailable.status = 503
        unavailable.detail = f"Service unavailable: {error}"
        raise unavailable from error


# Responses.


def incoming(change: Callable[[Upstream, Answer], Awaitable[Answer]]) -> Parts:
    """A gateway that gives this answer: `change` gets the service's, and the right one."""

    async def wrong(table: RouteTable, matched: Matched, request: Request, upstream: Upstream, url: Any) -> Answer:
        return await change(upstream, await transform(table, matched, request, upstream, url))

    return Parts(transform=wrong)


async def whole(answer: Answer) -> bytes:
    """The answer's body once it is there."""
    if isinstance(answer.body, bytes):
        return answer.body
    pieces = []
    while piece := await answer.body.take():
        pieces.append(piece)
    return b"".join(pieces)


def without(headers: Headers, *names: str) -> Headers:
    """The headers but for some, named in lower case."""
    return tuple(pair for pair in headers if pair[0].lower() not in names)


async def _buffered(_upstream: Upstream, answer: Answer) -> Answer:
    body = await whole(answer)
    both = (("transfer-encoding", "chunked"), ("content-length", str(len(body))))
    return Answer(answer.status, (*without(answer.headers, "content-length"), *both), body)


async def _labelled_gzip(_upstream: Upstream, answer: Answer) -> Answer:
    if header(answer.headers, "content-encoding") != "gzip":
        return answer
    body = gzip.decompress(await whole(answer))
    headers = (*without(answer.headers, "content-length"), ("content-length", str(len(body))))
    return Answer(answer.status, headers, body)


async def _joined(_upstream: Upstream, answer: Answer) -> Answer:
    lines: dict[str, str] = {}
    for name, value in answer.headers:
        lines[name.lower()] = f"{lines[name.lower()]}, {value}" if name.lower() in lines else value
    return replace(answer, headers=tuple(lines.items()))


async def _doubled(_upstream: Upstream, answer: Answer) -> Answer:
    again = (("server", "uvicorn"), ("date", "Thu, 01 Jan 1970 00:00:00 GMT"))
    return replace(answer, headers=(*answer.headers, *again))


async def _location_untouched(upstream: Upstream, answer: Answer) -> Answer:
    location = header(upstream.headers, "location")
    if location is None:
        return answer
    return replace(answer, headers=(*without(answer.headers, "location"), ("location", location)))


class _Granted(Problem):
    status = 200
    refusal = False


def _methods(table: RouteTable, request: Request, **options: Any) -> Matched:
    if request.method == "OPTIONS":
        raise _Granted("OK", reason="options")
    try:
        return match(table, request, **options)
    except NotAllowed as refused:
        refused.headers = ()
        raise


# The served application.


def _no_sockets(app: App) -> App:
    async def wrong(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
        else:
            await app(scope, receive, send)

    return wrong


def _no_request_id(app: App) -> App:
    async def wrong(scope: Message, receive: Receive, send: Send) -> None:
        async def strip(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [pair for pair in message["headers"] if pair[0] != b"x-request-id"]
                message = {**message, "headers": kept}
            await send(message)

        # Without the listener's own way for whole answers, every answer passes here message by message.
        await app({**scope, "state": {**scope["state"], "turn": None}}, receive, strip)

    return wrong


async def _allow_everything(*_anything: Any, **_options: Any) -> None:
    return None


FAULTS: dict[str, Fault] = {
    "authorization": Fault(
        "Authorization",
        "the user's JWT is still forwarded to services that must not see it",
        "upstream",
        "upstream.header",
        outgoing(_jwt_forwarded),
    ),
    "identity": Fault(
        "Identity headers",
        "the client's own X-User-ID and X-Internal-API-Key travel too, before the gateway's",
        "probe",
        "upstream.header",
        outgoing(_spoofed_first),
    ),
    "host": Fault(
        "Host",
        "the client's Host is forwarded, X-Forwarded-For, -Proto, -Host and Via are missing",
        "upstream",
        "upstream.header",
        outgoing(_host_unchanged),
    ),
    "query": Fault(
        "Repeated query parameters",
        "only the last of repeated query parameters survives",
        "upstream",
        "upstream.query",
        target(_last_parameter_only),
    ),
    "path": Fault(
        "Path encoding",
        "an encoded slash in a segment becomes a separator",
        "upstream",
        "upstream.path",
        target(_slash_decoded),
    ),
    "request-body": Fault(
        "Request body",
        "uploads are read into memory whole, without a limit",
        "probe",
        "status",
        Parts(forward=_buffered_upload),
        unlimited=True,
    ),
    "response-body": Fault(
        "Response body",
        "answers are buffered whole, then sent at once",
        "response",
        "stream",
        incoming(_buffered),
    ),
    "compression": Fault(
        "Compression",
        "gzip bodies are unpacked but keep their label",
        "response",
        "body",
        incoming(_labelled_gzip),
    ),
    "multi-value": Fault(
        "Multi-value headers",
        "repeated headers, Set-Cookie among them, become one line",
        "response",
        "cookie",
        incoming(_joined),
    ),
    "duplicates": Fault(
        "Duplicates",
        "server and date come twice",
        "response",
        "header",
        incoming(_doubled),
    ),
    "redirects": Fault(
        "Redirects",
        "the service's Location passes untouched and leads past the gateway",
        "response",
        "header",
        incoming(_location_untouched),
    ),
    "methods": Fault(
        "Methods",
        "OPTIONS is answered 200 on every path, 405 comes without Allow",
        "response",
        "status",
        Parts(match=_methods),
    ),
    "websocket": Fault(
        "WebSocket",
        "an upgrade gets an empty 403",
        "response",
        "status",
        wrap=_no_sockets,
    ),
    "timeouts": Fault(
        "Timeouts / retries",
        "300 s for everything, no retry, 503 instead of 502 and 504",
        "probe",
        "timeout",
        Parts(forward=_one_timeout),
    ),
    "authorisation": Fault(
        "AuthZ",
        "any authenticated user acts for any organisation",
        "probe",
        "status",
        Parts(authorise=_allow_everything),
    ),
    "request-id": Fault(
        "Rate limit / request id / tracing",
        "no request id is made, forwarded or returned",
        "response",
        "header",
        outgoing(_request_id_lost),
        wrap=_no_request_id,
    ),
    "pools-path": Fault(
        "Path mapping, pools",
        "listing pools reaches /{id}",
        "upstream",
        "upstream.path",
        target(_pools_replaced),
    ),
    "management-path": Fault(
        "Path mapping, management",
        "/management is put before paths that have it already",
        "upstream",
        "upstream.path",
        target(_management_doubled),
    ),
}
"""Sixteen rows of the table and the two path mappings that its authors got wrong."""


def faulty(table: RouteTable, settings: Settings, flags: Callable[[], FlagSnapshot], fault: str) -> Gateway:
    """The real gateway with one fault; serve it as any other."""
    chosen = FAULTS[fault]
    if chosen.unlimited:
        table = replace(table, policy=replace(table.policy, max_body=1 << 62))
    gateway = build_app(table, settings, flags, parts=chosen.parts)
    if chosen.wrap is not None:
        wrapped = cast("Any", gateway)
        wrapped.public, wrapped.internal = chosen.wrap(gateway.public), chosen.wrap(gateway.internal)
    return gateway
