from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.exchange import Request
from gateway.core.mapping import MappingError
from gateway.core.mirroring import Mirroring
from gateway.core.observation import Bucket
from gateway.core.path import PathPattern
from gateway.core.routes import (
    Access,
    Authorization,
    Effect,
    Kind,
    Move,
    Place,
    Route,
    Service,
    ShadowPolicy,
    Stage,
    Target,
    Where,
)
from gateway.core.table import RouteTable
from gateway.flags.flag import Flag, FlagSnapshot
from shadow.plan import Copying, Side
from shadow.serve import copyable, decide, find, in_gateway_terms, needs_body

KEY = b"k" * 32
ASK = "Access-Control-Request-Method"


def route(identity: str, legacy: str, gateway: str | None, effect: Effect = Effect.READ, **more: object) -> Route:
    """A public route of service `svc`."""
    sides = [Target(text.split()[0], PathPattern(text.split()[1])) if text else None for text in (legacy, gateway)]
    assert sides[0] is not None
    return Route(identity, "svc", sides[0], sides[1], effect, Access.PUBLIC, **more)  # type: ignore[arg-type]


MOVED = Move(Place(Where.BODY, "item_id"), Place(Where.PATH, "id"))
TABLE = RouteTable(
    "odd",
    {"svc": Service("svc", "http://l", "http://l", Authorization.FORWARD, "127.0.0.1:1")},
    (
        route("read", "GET /items/{id}", "GET /api/items/{id}"),
        route("write", "POST /items", "PUT /api/items", Effect.WRITE),
        route("move", "POST /move", "POST /api/items/{id}/move", Effect.WRITE, moves=(MOVED,)),
        route("chat", "POST /chat", "POST /api/chat", Effect.METERED),
        route("paid", "POST /paid", "POST /api/paid", Effect.METERED, shadow=ShadowPolicy(budget=3)),
        route("quiet", "GET /quiet", "GET /api/quiet", shadow=ShadowPolicy(mode="off")),
        route("socket", "GET /socket", "GET /api/socket", kind=Kind.WEBSOCKET),
        route("inner", "GET /internal/x", None),
    ),
)


def at(stage: Stage, percent: float = 0.0) -> FlagSnapshot:
    """Every route at this stage."""
    return FlagSnapshot(1, "salt", {r.id: Flag(r.id, stage, percent) for r in TABLE.routes})


@pytest.mark.parametrize(
    ("stage", "method", "target", "side", "copying", "bucket", "reason"),
    [
        (Stage.LEGACY, "GET", "/items/1", Side.LEGACY, Copying.NONE, Bucket.OFF, ""),
        (Stage.SHADOW, "GET", "/items/1", Side.LEGACY, Copying.READ, Bucket.PENDING, ""),
        (Stage.SHADOW, "POST", "/items", Side.LEGACY, Copying.DRY_RUN, Bucket.PENDING, ""),
        (Stage.SHADOW, "POST", "/chat", Side.LEGACY, Copying.DRY_RUN, Bucket.PENDING, ""),
        (Stage.SHADOW, "POST", "/paid", Side.LEGACY, Copying.METERED, Bucket.PENDING, ""),
        (Stage.SHADOW, "GET", "/quiet", Side.LEGACY, Copying.NONE, Bucket.OFF, ""),
        (Stage.SHADOW, "GET", "/elsewhere", Side.LEGACY, Copying.NONE, Bucket.UNMATCHED, ""),
        (Stage.SHADOW, "HEAD", "/items/1", Side.LEGACY, Copying.NONE, Bucket.UNMATCHED, ""),
        (Stage.CANARY, "GET", "/items/1", Side.LEGACY, Copying.READ, Bucket.PENDING, ""),
        (Stage.GATEWAY, "GET", "/items/1", Side.GATEWAY, Copying.SERVED, Bucket.PENDING, ""),
        (Stage.GATEWAY, "POST", "/items", Side.GATEWAY, Copying.ANSWER, Bucket.UNMIRRORED, "write"),
        (Stage.GATEWAY, "POST", "/chat", Side.GATEWAY, Copying.NONE, Bucket.UNMIRRORED, "metered"),
        (Stage.GATEWAY, "GET", "/quiet", Side.GATEWAY, Copying.NONE, Bucket.OFF, ""),
        (Stage.CLOSED, "POST", "/items", Side.SHADOW, Copying.NONE, Bucket.OFF, "closed"),
    ],
)
def test_stage_and_effect_decide(
    stage: Stage, method: str, target: str, side: Side, copying: Copying, bucket: Bucket, reason: str
) -> None:
    """Who serves and how a copy is made follows from the stage, the effect and the route's shadow policy."""
    plan = decide(TABLE, at(stage), "svc", Request(method, target, client="192.0.2.1"), KEY)
    assert (plan.side, plan.copying, plan.bucket, plan.reason) == (side, copying, bucket, reason)


def test_a_canary_splits_by_subject() -> None:
    """At half, subjects are on both sides, and a plan is the same each time it is made."""
    sides = {
        client: {decide(TABLE, at(Stage.CANARY, 50), "svc", Request("GET", "/items/1", client=client), KEY).side}
        | {decide(TABLE, at(Stage.CANARY, 50), "svc", Request("POST", "/items", client=client), KEY).side}
        for client in (f"192.0.2.{number}" for number in range(40))
    }
    assert all(len(side) == 1 for side in sides.values())
    assert set().union(*sides.values()) == {Side.LEGACY, Side.GATEWAY}


@pytest.mark.parametrize("stage", [Stage.SHADOW, Stage.CANARY, Stage.GATEWAY])
def test_sockets_are_legacys(stage: Stage) -> None:
    """A WebSocket is served by legacy and unmirrored until its route is closed."""
    request = Request("GET", "/socket", (("Upgrade", "websocket"),))
    plan = decide(TABLE, at(stage, 100), "svc", request, KEY)
    assert (plan.side, plan.bucket, plan.reason) == (Side.LEGACY, Bucket.UNMIRRORED, "websocket")
    assert decide(TABLE, at(Stage.CLOSED), "svc", request, KEY).side is Side.SHADOW


def test_preflights_belong_to_the_route_they_ask_for() -> None:
    """A preflight finds its route by the method it asks for; in canary legacy serves it, in gateway the gateway."""
    asked = Request("OPTIONS", "/items", ((ASK, "POST"),), client="192.0.2.1")
    found = find(TABLE, "svc", asked)
    assert found is not None
    assert found.route.id == "write"
    assert decide(TABLE, at(Stage.CANARY, 100), "svc", asked, KEY).side is Side.LEGACY
    plan = decide(TABLE, at(Stage.GATEWAY), "svc", asked, KEY)
    assert (plan.side, plan.copying) == (Side.GATEWAY, Copying.SERVED)
    assert decide(TABLE, at(Stage.SHADOW), "svc", asked, KEY).copying is Copying.READ
    assert find(TABLE, "svc", Request("OPTIONS", "/items")) is None


def test_a_preflight_asks_the_gateway_for_its_own_method() -> None:
    """Mapped to the gateway, a preflight stays OPTIONS and asks for the method that the gateway's route has."""
    asked = Request("OPTIONS", "/items?x=%2B", (("Origin", "o"), (ASK, "POST")))
    write = TABLE.routes[1]
    mapped = in_gateway_terms(write, {}, asked)
    assert mapped == Request("OPTIONS", "/api/items?x=%2B", (("Origin", "o"), (ASK, "PUT")))


def test_what_cannot_be_said_in_gateway_terms_is_an_error() -> None:
    """Internal routes, and preflights whose path needs a body, cannot be mapped."""
    with pytest.raises(MappingError):
        in_gateway_terms(TABLE.routes[-1], {}, Request("OPTIONS", "/internal/x", ((ASK, "GET"),)))
    with pytest.raises(MappingError):
        in_gateway_terms(TABLE.routes[2], {}, Request("OPTIONS", "/move", ((ASK, "POST"),)))
    assert needs_body(TABLE.routes[2])
    assert not needs_body(TABLE.routes[0])


@pytest.mark.parametrize("stage", [Stage.SHADOW, Stage.GATEWAY])
def test_a_gateway_that_is_not_ours_is_sent_reads_alone(stage: Stage) -> None:
    """Beside it writes and metered routes are counted as unmirrored, with their effect, whatever their budget."""
    foreign = replace(TABLE, mirroring=Mirroring(candidate="http://gw.example"))
    read, write, paid = (
        decide(foreign, at(stage), "svc", Request(*line.split()), KEY)
        for line in ("GET /items/1", "POST /items", "POST /paid")
    )
    assert read.copying is (Copying.READ if stage is Stage.SHADOW else Copying.SERVED)
    assert (write.copying, write.bucket, write.reason) == (Copying.NONE, Bucket.UNMIRRORED, "write")
    assert (paid.copying, paid.bucket, paid.reason) == (Copying.NONE, Bucket.UNMIRRORED, "metered")
    asking = Request("OPTIONS", "/items", (("Origin", "http://d"), (ASK, "POST")))
    assert decide(foreign, at(Stage.SHADOW), "svc", asking, KEY).copying is Copying.READ
    off = decide(foreign, at(Stage.LEGACY), "svc", Request("POST", "/items"), KEY)
    assert (off.bucket, off.reason) == (Bucket.OFF, "")


def test_what_does_no_harm_without_a_mark() -> None:
    """A read, or a preflight of anything."""
    write = next(one for one in TABLE.routes if one.id == "write")
    assert copyable(TABLE.routes[0], Request("GET", "/items/1"))
    assert not copyable(write, Request("POST", "/items"))
    assert copyable(write, Request("OPTIONS", "/items", (("Origin", "http://d"), (ASK, "POST"))))
