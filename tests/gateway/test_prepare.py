"""Preparing the upstream request."""

from __future__ import annotations

import pytest

from gateway import prepare as module
from gateway.caller import ANONYMOUS, Caller
from gateway.context import HandOff
from gateway.core.exchange import Request, header
from gateway.core.policy import Policy
from gateway.core.routes import Authorization, Forwarding
from gateway.match import match
from gateway.prepare import dressed, framing, mapped, with_forwarding
from gateway.problem import BadRequest, NotFound
from tests.apps.table import route, service, table

TABLE = table(
    "http://s",
    route("get", "compute", "GET /things/{id}", "GET /api/things/{id}"),
    route("special", "compute", "GET /things/special", "GET /api/special"),
    route("stop", "compute", "POST /stop", "POST /api/things/{id}/stop", moves=[("body.thing", "path.id")]),
    route("find", "compute", "GET /of/{owner}", "GET /api/of", moves=[("path.owner", "query.owner")]),
)


def upstream(method: str, target: str, *headers: tuple[str, str], body: bytes = b"") -> Request:
    """The mapped request."""
    request = Request(method, target, headers, body)
    return mapped(TABLE, match(TABLE, request), request)


def test_request_is_said_in_the_services_terms() -> None:
    """Paths map raw, parameters move."""
    assert upstream("GET", "/api/things/a%2Fb?x").target == "/things/a%2Fb?x"
    stop = upstream("POST", "/api/things/7/stop")
    assert (stop.target, stop.body, header(stop.headers, "content-length")) == ("/stop", b'{"thing":"7"}', "13")


def test_absent_parameter_is_a_bad_request() -> None:
    """What the service cannot do without must be there."""
    with pytest.raises(BadRequest):
        upstream("GET", "/api/of")


@pytest.mark.parametrize("target", ["/api/things/special", "/api/things/speci%61l"])
def test_another_route_of_the_service_is_not_reached(target: str) -> None:
    """A parameter cannot turn one route into another."""
    with pytest.raises(NotFound):
        upstream("GET", target)


def test_parameter_cannot_climb() -> None:
    """A value that moves into the path cannot be a dot segment."""
    with pytest.raises(BadRequest):
        upstream("GET", "/api/of?owner=..")


def test_headers_have_an_order_that_nothing_precedes() -> None:
    """Host first, the client's own, forwarding, context, request id, framing last."""
    request = Request("POST", "/x", (("host", "gw"), ("a", "1"), ("x-request-id", "z"), ("content-length", "2")))
    told = (("X-Forwarded-For", "9.9.9.9"),)
    caller = Caller("jwt", "u", "o")
    hand_off = HandOff("key", b"c" * 32, lambda: 1_000.0)
    sent = dressed(request, service("s", "http://s:8"), caller, told=told, request_id="id", hand_off=hand_off)
    signed = header(sent.headers, "Cutover-Context")
    assert sent.headers == (
        ("Host", "s:8"),
        ("a", "1"),
        ("X-Forwarded-For", "9.9.9.9"),
        ("X-User-ID", "u"),
        ("X-Organization-ID", "o"),
        ("X-Internal-API-Key", "key"),
        ("Cutover-Context", signed),
        ("X-Request-ID", "id"),
        ("Content-Length", "2"),
    )


def test_transparent_call_states_nothing() -> None:
    """Without a hand-off no context at all is stated."""
    keeper = service("s", "http://s", authorization=Authorization.FORWARD)
    request = Request("GET", "/x", (("authorization", "Bearer x"), ("x-user-id", "evil")))
    sent = dressed(request, keeper, ANONYMOUS, told=(), request_id="id", hand_off=None)
    assert sent.headers == (("Host", "s"), ("authorization", "Bearer x"), ("X-Request-ID", "id"))


def test_framing_follows_the_body() -> None:
    """Length where it is known, chunked where it is not, nothing without a body."""
    assert framing(()) == ()
    assert framing((("transfer-encoding", "chunked"),)) == (("Transfer-Encoding", "chunked"),)


def test_copy_speaks_for_the_client_of_its_mark() -> None:
    """For a copy the mark names the client, and its headers are not believed."""
    request = Request("GET", "/", (("host", "gw"), ("x-forwarded-for", "6.6.6.6")), client="127.0.0.1")
    policy, item = Policy(trusted_proxies=("127.0.0.1", "203.0.113.7")), service("s", "http://s")
    told, client = with_forwarding(request, "http", policy, item, copy_of="203.0.113.7")
    assert (client, dict(told)["X-Forwarded-For"]) == ("203.0.113.7", "203.0.113.7")
    assert with_forwarding(request, "http", policy, item)[1] == "6.6.6.6"


def test_a_service_is_told_of_hops_as_it_wants() -> None:
    """One service reads Forwarded, another X-Forwarded-*."""
    request = Request("GET", "/", (("host", "gw"),), client="203.0.113.7")
    told, _ = with_forwarding(request, "http", Policy(), service("s", "http://s", forwarding=Forwarding.FORWARDED))
    assert [name for name, _ in told] == ["Forwarded", "Via"]


def test_targets_are_remembered_without_mixing_requests_up() -> None:
    """Asked again, a request is mapped to the same target, with its own headers and body; a refusal stays one."""
    known = table("http://s", route("get", "compute", "GET /things/{id}", "GET /api/things/{id}"))
    matched = known.exposed.find("GET", "/api/things/7")
    assert matched is not None
    for body in (b"one", b"two"):
        request = Request("GET", "/api/things/7?a=1", (("h", body.decode()),), body, "1.2.3.4")
        expected = Request("GET", "/things/7?a=1", request.headers, body, "1.2.3.4")
        assert mapped(known, matched, request) == expected
    other = known.exposed.find("GET", "/api/things/8")
    assert other is not None
    assert mapped(known, other, Request("GET", "/api/things/8")).target == "/things/8"


def test_what_is_remembered_of_targets_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long targets are never kept, and of others no more than the limit."""
    monkeypatch.setattr(module, "_REMEMBERED", 3)
    known = table("http://s", route("get", "compute", "GET /things/{id}", "GET /api/things/{id}"))
    for name in ("a", "b", "c", "d", "x" * 600):
        matched = known.exposed.find("GET", f"/api/things/{name}")
        assert matched is not None
        assert mapped(known, matched, Request("GET", f"/api/things/{name}")).target == f"/things/{name}"
    assert list(known.memo[mapped].values()) == ["/things/d"]
