"""Defects that only a closed replay sees: sockets, and how often and where a request is delivered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

from gateway.app import build_app
from gateway.core.exchange import Close
from gateway.handle import Parts
from migrate.replay.closed import play
from migrate.replay.under_test import Keys
from shadow.recording.read import read_recording
from shadow.replay import place_all
from tests.apps.played import TABLE, placed, session
from tests.apps.probed import inferia
from tests.apps.recordings import shipped, signing_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from gateway.app import Gateway
    from migrate.replay.outcome import Outcome
    from migrate.replay.under_test import Factory
    from shadow.replay import Placed
    from tests.apps.faulty_gateway import App, Message

    Say = Callable[[Message], list[Message]]

ROUTES = {"deployments.log-stream", "deployments.log-socket"}
_INTERNAL_KEY = "i" * 40


@dataclass(frozen=True)
class Played:
    """A defect that is found by playing a recorded session; `socket` says whether that is the one with a socket."""

    name: str
    what: str
    found: tuple[str, ...]
    factory: Callable[[], Factory]
    socket: bool = True


async def open_places(factory: Factory, *, socket: bool) -> AbstractSet[str]:
    """What the replay of a session leaves open."""
    if not socket:
        return _open(await play(placed(*session()), TABLE, factory, Keys("j" * 40, _INTERNAL_KEY)))
    return _open(await play(_recorded(), inferia(), factory, Keys(signing_key(), _INTERNAL_KEY)))


def _open(outcome: Outcome) -> set[str]:
    return {
        f"{one.location}:{one.pattern}".rstrip(":") + f" {one.kind}"
        for observation in outcome.observations
        for one in observation.differences
        if not one.by
    }


def _recorded() -> list[Placed]:
    """The shipped recording's first socket, ended by the service, with a subprotocol."""
    entries = place_all(read_recording(shipped("dashboard-session.flow")).entries, inferia())
    chosen = [one for one in entries if one.matched and one.matched.route.id in ROUTES]
    return [_ended(one) if one.exchange.frames else one for one in chosen]


def _ended(one: Placed) -> Placed:
    exchange, protocol = one.exchange, ("Sec-WebSocket-Protocol", "logs.v1")
    request = replace(exchange.request, headers=(*exchange.request.headers, protocol))
    response = replace(cast("Any", exchange.response), headers=(*cast("Any", exchange.response).headers, protocol))
    close = Close(from_client=False, code=4000, reason="job ended")
    return replace(one, exchange=replace(exchange, request=request, response=response, close=close))


def saying(make: Callable[[], Say]) -> Callable[[], Factory]:
    """A gateway whose messages to the client are others: `make` gives, per socket, what each becomes."""

    def wrapped(app: App) -> App:
        async def wrong(scope: Message, receive: Any, send: Any) -> None:
            change = make()

            async def said(message: Message) -> None:
                for one in change(message) if scope["type"] == "websocket" else [message]:
                    await send(one)

            await app(scope, receive, said)

        return wrong

    return lambda: lambda *given: _with_public(build_app(*given), wrapped)


def hearing(lose: Callable[[Message], bool]) -> Callable[[], Factory]:
    """A gateway that loses some of the client's messages."""

    def wrapped(app: App) -> App:
        async def wrong(scope: Message, receive: Any, send: Any) -> None:
            async def heard() -> Message:
                message: Message = await receive()
                while scope["type"] == "websocket" and lose(message):
                    message = await receive()
                return message

            await app(scope, heard, send)

        return wrong

    return lambda: lambda *given: _with_public(build_app(*given), wrapped)


def stepping(parts: Callable[[], Parts]) -> Callable[[], Factory]:
    """A gateway with other steps."""
    return lambda: lambda *given: build_app(*given, parts=parts())


def _with_public(gateway: Gateway, wrapped: Callable[[App], App]) -> Gateway:
    changed = cast("Any", gateway)
    changed.public = wrapped(gateway.public)
    return gateway


def _nth(number: int, change: Say) -> Callable[[], Say]:
    """The change of one text message, the `number`th of a socket."""

    def make() -> Say:
        seen = 0

        def say(message: Message) -> list[Message]:
            nonlocal seen
            seen += message["type"] == "websocket.send"
            return change(message) if message["type"] == "websocket.send" and seen == number else [message]

        return say

    return make


def _on(kind: str, **changes: Any) -> Callable[[], Say]:
    return lambda: lambda message: [{**message, **changes}] if message["type"] == kind else [message]


def _swapped() -> Say:
    held: list[Message] = []

    def say(message: Message) -> list[Message]:
        if message["type"] == "websocket.send" and not held:
            held.append(message)
            return []
        if message["type"] == "websocket.send" and len(held) == 1:
            held.append(message)
            return [message, held[0]]
        return [message]

    return say


async def _twice(*arguments: Any, **options: Any) -> Any:
    first = await Parts().forward(*arguments, **options)
    first.close()
    return await Parts().forward(*arguments, **options)


DEFECTS: tuple[Played, ...] = (
    Played(
        "wrong-close-code",
        "the service's close code becomes 1000",
        ("frame:close changed",),
        saying(_on("websocket.close", code=1000)),
    ),
    Played(
        "lost-close-reason",
        "the service's reason to close is lost",
        ("frame:close.reason changed",),
        saying(_on("websocket.close", reason="")),
    ),
    Played(
        "lost-message",
        "a message of the service is lost",
        ("frame:server[*] missing",),
        saying(_nth(2, lambda _message: [])),
    ),
    Played(
        "doubled-message",
        "a message of the service comes twice",
        ("frame:server[*] extra",),
        saying(_nth(2, lambda message: [message, message])),
    ),
    Played(
        "reordered-messages", "two messages of the service change places", ("frame:server order",), saying(_swapped)
    ),
    Played(
        "text-as-bytes",
        "a text message comes as bytes",
        ("frame:server[*] type",),
        saying(_nth(2, lambda message: [{"type": "websocket.send", "bytes": message["text"].encode()}])),
    ),
    Played(
        "lost-subprotocol",
        "the subprotocol that the service chose is not told",
        ("header:sec-websocket-protocol missing",),
        saying(_on("websocket.accept", subprotocol=None)),
    ),
    Played(
        "sent-twice",
        "a request is delivered twice",
        ("status:200→502 changed", "status:201→502 changed", "upstream.deliveries:count count"),
        stepping(lambda: Parts(forward=_twice)),
        socket=False,
    ),
)
