from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gateway.core.exchange import Request, header
from gateway.core.path import PathPattern
from gateway.core.policy import Cors, Policy
from gateway.core.routes import Access, Authorization, Effect, Move, Place, Route, Service, Stage, Target, Where
from gateway.core.subject import Subject
from gateway.core.table import RouteTable
from gateway.flags.flag import Flag
from shadow import invisible
from shadow.plan import Plan
from shadow.turn import Turn

SERVICE = Service("svc", "http://l", "http://l", Authorization.FORWARD, "127.0.0.1:1")
OTHER = Service("other", "http://o", "http://o", Authorization.FORWARD, "127.0.0.1:2")


def route(identity: str, service: str, legacy: str, gateway: str, *moves: Move) -> Route:
    """A readable route."""
    sides = (Target("GET", PathPattern(legacy)), Target("GET", PathPattern(gateway)))
    return Route(identity, service, *sides, Effect.READ, Access.PUBLIC, moves=moves)


POOLS = Move(Place(Where.PATH, "owner"), Place(Where.QUERY, "owner"))
TABLE = RouteTable(
    "odd",
    {"svc": SERVICE, "other": OTHER},
    (
        route("users", "svc", "/management/users/{id}", "/api/v1/users/{id}"),
        route("pools", "svc", "/listPools/{owner}", "/api/v1/pools", POOLS),
        route("elsewhere", "other", "/x", "/api/v1/x"),
    ),
    policy=Policy(public_url="https://gw.example", listen="127.0.0.1:8800"),
)
ASKED = Request("GET", "/management/users/", (("Host", "platform:8000"), ("Origin", "http://dash")))


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("http://platform:8000/api/v1/users/a%2Fb?x=1", "http://platform:8000/management/users/a%2Fb?x=1"),
        ("https://gw.example/api/v1/users/7", "https://platform:8000/management/users/7"),
        ("http://127.0.0.1:8800/api/v1/users/7", "http://platform:8000/management/users/7"),
        ("/api/v1/users/7", "/management/users/7"),
        ("/api/v1/pools?owner=o%201&y=2", "/listPools/o%201?y=2"),
        ("/api/v1/pools", "/api/v1/pools"),
        ("/api/v1/x", "/api/v1/x"),
        ("https://login.example/api/v1/users/7", "https://login.example/api/v1/users/7"),
        ("/nothing", "/nothing"),
    ],
)
def test_redirects_lead_back_to_legacy_paths(location: str, expected: str) -> None:
    """A Location on the gateway becomes the legacy path on the Host the client called; others stay."""
    assert invisible.home(TABLE, "svc", ASKED, location) == expected


def test_redirects_stay_on_tls() -> None:
    """Behind TLS the client called https, whatever scheme the gateway knows."""
    asked = replace(ASKED, headers=(*ASKED.headers, ("X-Forwarded-Proto", "https")))
    here = invisible.home(TABLE, "svc", asked, "http://platform:8000/api/v1/users/7")
    assert here == "https://platform:8000/management/users/7"


def test_what_does_not_belong_here_is_told() -> None:
    """A problem with the reason, and nothing that lets a foreign page read more."""
    answer = invisible.not_here(403, "no address of ours")
    assert (answer.status, answer.reason) == (403, "Forbidden")
    assert b'"detail": "no address of ours"' in answer.body
    assert [name for name, _ in answer.headers] == ["content-type", "content-length"]


@pytest.mark.parametrize(
    ("cors", "headers", "expected"),
    [
        (Cors(), (), {}),
        (
            Cors(),
            (("Origin", "o"),),
            {"access-control-allow-origin": "*", "access-control-allow-credentials": "true"},
        ),
        (
            Cors(),
            (("Origin", "o"), ("Cookie", "a=1")),
            {"access-control-allow-origin": "o", "access-control-allow-credentials": "true", "vary": "Origin"},
        ),
        (Cors(("p",), credentials=False), (("Origin", "p"),), {"access-control-allow-origin": "p", "vary": "Origin"}),
        (Cors(("p",)), (("Origin", "o"),), {}),
    ],
)
def test_own_answers_can_be_read_by_the_page(
    cors: Cors, headers: tuple[tuple[str, str], ...], expected: dict[str, str]
) -> None:
    """CORS headers are those of the platform: any origin, an echo where cookies are sent, nothing for strangers."""
    assert dict(invisible.cors_headers(cors, Request("GET", "/", headers))) == expected


def test_a_closed_route_names_its_successor() -> None:
    """410 as problem+json, with a Link to the URL that serves now; a preflight is let through instead."""
    answer = invisible.closed(TABLE, TABLE.routes[0], ASKED, "https://gw.example/api/v1/users/7")
    assert answer.status == 410
    assert header(answer.headers, "link") == '<https://gw.example/api/v1/users/7>; rel="successor-version"'
    assert json.loads(answer.body)["title"] == "Gone"
    asked = Request("OPTIONS", "/x", (("Origin", "http://dash"), ("Access-Control-Request-Method", "GET")))
    allowed = invisible.closed(TABLE, TABLE.routes[0], asked, "")
    assert allowed.status == 200
    assert header(allowed.headers, "access-control-allow-origin") == "http://dash"


def test_a_strangers_preflight_is_refused() -> None:
    """An origin that the policy does not name gets no CORS headers and a 400, as the platform answers."""
    asked = Request("OPTIONS", "/x", (("Origin", "http://evil"), ("Access-Control-Request-Method", "GET")))
    answer = invisible.preflight(Cors(("http://dash",)), asked)
    assert (answer.status, answer.body) == (400, b"Disallowed CORS origin")


def test_an_unavailable_service_is_named() -> None:
    """503 says which service does not answer and when to come again."""
    answer = invisible.unavailable(TABLE, "svc", ASKED)
    assert (answer.status, header(answer.headers, "retry-after")) == (503, "1")
    assert b"svc does not answer" in answer.body


def test_a_farewell_waits_for_its_date() -> None:
    """Deprecation, Sunset and successor are announced exactly when a sunset is set."""
    flag = Flag("users", Stage.GATEWAY, at=1_795_000_000.5, sunset="2027-03-01T12:00:00+01:00")
    assert dict(invisible.farewell(flag, "https://gw.example/y")) == {
        "Deprecation": "@1795000000",
        "Sunset": "Mon, 01 Mar 2027 11:00:00 GMT",
        "Link": '<https://gw.example/y>; rel="successor-version"',
    }
    assert invisible.farewell(Flag("users", Stage.GATEWAY), "https://gw.example/y") == ()


def test_a_successor_is_known_even_when_a_request_cannot_be_mapped() -> None:
    """Without a mapped target the pattern stands in; an internal route has no successor."""
    users = TABLE.routes[0]
    assert invisible.successor_url(TABLE, users, "/api/v1/users/7") == "https://gw.example/api/v1/users/7"
    assert invisible.successor_url(TABLE, users, "") == "https://gw.example/api/v1/users/%7Bid%7D"
    inner = Route("inner", "svc", users.legacy, None, Effect.READ, Access.INTERNAL)
    assert invisible.successor_url(TABLE, inner, "") == ""


def test_a_key_that_stands_in_the_way_is_told_with_its_reason() -> None:
    """As the gateway would say it."""
    answer = invisible.conflict(409, "wait", "key-in-flight", (("retry-after", "1"),))
    assert (answer.status, answer.reason, header(answer.headers, "retry-after")) == (409, "Conflict", "1")
    said = json.loads(answer.body)
    assert (said["status"], said["title"], said["detail"], said["reason"]) == (
        409,
        "Conflict",
        "wait",
        "key-in-flight",
    )


def test_a_closed_turn_names_its_successor() -> None:
    """The address is that of the very request."""
    request = Request("GET", "/management/users/7")
    turn = Turn(Plan("svc", Subject("u"), TABLE.routes[0], {"id": "7"}), request)
    assert invisible.successor(TABLE, turn) == "https://gw.example/api/v1/users/7"
    assert header(invisible.gone(TABLE, turn).headers, "link") == (
        '<https://gw.example/api/v1/users/7>; rel="successor-version"'
    )
    assert invisible.successor(TABLE, Turn(Plan("svc", Subject("u")), request)) == ""
