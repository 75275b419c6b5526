"""Rewriting addresses."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gateway.core.exchange import Request
from gateway.core.routes import Kind
from gateway.core.table import Matched
from gateway.rewrite import gateway_target, rewritten_body, rewritten_location, socket_of, socket_path
from tests.apps.table import route, service, table

TABLE = table(
    "http://s:81",
    route("list", "compute", "GET /deployment/pools", "GET /api/v1/pools"),
    route("make", "compute", "POST /deployment/make", "POST /api/v1/pools"),
    route(
        "get", "compute", "GET /deployment/pools/{owner}", "GET /api/v1/pools/{id}", moves=[("path.owner", "path.id")]
    ),
    route("moved", "compute", "GET /deployment/of/{o}", "GET /api/v1/of", moves=[("path.o", "query.o")]),
    route("internal", "compute", "GET /internal/x", None, access="internal"),
    route("logs", "compute", "GET /l/{id}", "GET /api/v1/d/{id}/log-stream", rewrites=("ws_url",)),
    route("socket", "compute", "GET /nosana", "GET /api/v1/d/{id}/logs", kind=Kind.WEBSOCKET),
)
SERVICE = replace(service("compute", "http://s:81"), legacy="http://old:80")
ASKED = Request("POST", "/deployment/make", (("Host", "s:81"),))


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("http://s:81/deployment/pools", "/api/v1/pools"),
        ("https://s:81/deployment/pools?a=1&a=2#f", "/api/v1/pools?a=1&a=2#f"),
        ("http://old:80/deployment/make", "/api/v1/pools"),
        ("/deployment/pools/a%2Fb", "/api/v1/pools/a%2Fb"),
        ("/deployment/pools/", "/api/v1/pools"),
        ("/deployment/of/7", "/api/v1/of?o=7"),
        ("http://s:81/unknown?x", "/unknown?x"),
        ("http://s:81/internal/x", "/internal/x"),
        ("https://elsewhere/deployment/pools", "https://elsewhere/deployment/pools"),
        ("http://s:81//elsewhere/x", "/elsewhere/x"),
        ("http://s:81/\\elsewhere/x", "/elsewhere/x"),
        ("http://[broken", "http://[broken"),
        ("relative", "relative"),
        ("mailto:a@b", "mailto:a@b"),
    ],
)
def test_location_of_the_service_becomes_the_gateways(location: str, expected: str) -> None:
    """Addresses of the service become gateway paths, without a host; other addresses stay."""
    headers = (("Location", location), ("X", location))
    assert rewritten_location(TABLE, SERVICE, ASKED, headers) == (("Location", expected), ("X", location))


def test_unknown_target_is_unchanged() -> None:
    """A target that no route has stays as it is."""
    assert gateway_target(TABLE, "compute", "GET", "/nope?x=1") == "/nope?x=1"


def test_socket_path_shares_the_descriptors_parameters() -> None:
    """The descriptor of deployment 7 describes the socket of deployment 7."""
    item = TABLE.routes[5]
    assert item.gateway is not None
    assert socket_path(TABLE, Matched(item, item.gateway, {"id": "7"})) == "/api/v1/d/7/logs"
    assert socket_path(TABLE, Matched(TABLE.routes[0], TABLE.routes[0].gateway or item.gateway, {})) is None


def test_socket_of_a_descriptor_is_the_nearest() -> None:
    """Of several sockets with the descriptor's parameters the one that shares most of its path is meant."""
    far = route("far", "compute", "GET /f", "GET /api/v1/free", kind=Kind.WEBSOCKET)
    foreign = route("foreign", "compute", "GET /g", "GET /api/v1/d/{x}/logs", kind=Kind.WEBSOCKET)
    known = table("http://s", far, foreign, TABLE.routes[6], TABLE.routes[5])
    found = socket_of(known, known.routes[3])
    assert found is not None
    assert found.id == "socket"
    assert socket_of(table("http://s", TABLE.routes[5]), TABLE.routes[5]) is None
    assert socket_of(known, far) is None


@pytest.mark.parametrize("member", ["ws_url", "$.ws_url", "body:$.ws_url"])
def test_named_members_are_replaced(member: str) -> None:
    """Only the named member changes; order, other members and non-ASCII text stay."""
    body = '{"ws_url":"ws://x","provider":"n\u00e9","n":1.50}'.encode()
    changed = rewritten_body(body, (member,), lambda value, document: value + document["provider"])
    assert json.loads(changed) == {"ws_url": "ws://xné", "provider": "né", "n": 1.5}
    assert list(json.loads(changed)) == ["ws_url", "provider", "n"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a":1}', b'{"ws_url":null}', b'{"ws_url":["x"]}', b"\xff"])
def test_other_bodies_come_back_as_they_are(body: bytes) -> None:
    """Without the member as text nothing is touched, not even white space."""
    assert rewritten_body(body, ("ws_url",), lambda *_: "never") == body
