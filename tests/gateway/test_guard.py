"""The guard."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.exchange import Request
from gateway.guard import check_crossing, check_target, guard
from gateway.problem import BadRequest, HeadersTooLarge, NotFound
from tests.apps.table import route, table

if TYPE_CHECKING:
    from gateway.core.exchange import Headers

HOST = ("host", "gw")


@pytest.mark.parametrize(
    "target",
    ["/", "/a", "/a/b?x=1", "/a/", "/a%2Fb", "/%C3%BC", "/a?x=//&y=..", "/a;b=c", "/a|b", "/a:b@c", "/...", "/a..b"],
)
def test_plain_targets_pass(target: str) -> None:
    """Whatever has one reading passes, encoded user text among it."""
    check_target(target)


@pytest.mark.parametrize(
    "target",
    [
        "",
        "a",
        "*",
        "http://a/b",
        "//a",
        "/a//b",
        "/.",
        "/a/..",
        "/%2e",
        "/a/%2E%2e/b",
        "/a%2f..%2fb",
        "/a%2f%2fb",
        "/a b",
        "/a\\b",
        "/a#b",
        "/a%00",
        "/a%1f",
        "/a%7F",
        "/a%",
        "/a%2",
        "/a%gg",
        "/a?x y",
        "/a?\\",
        "/a\x7f",
        "/\u20ac",
        "/a?\u20ac",
        "/a\udcff",
        "/a?\udcff",
    ],
)
def test_targets_with_two_readings_are_refused(target: str) -> None:
    """Dot and empty segments in any spelling, control characters, backslashes and broken escapes are refused."""
    with pytest.raises(BadRequest):
        check_target(target)


@given(st.text(st.characters(codec="ascii"), max_size=30))
def test_what_passes_never_climbs(text: str) -> None:
    """No path that passes holds a dot segment once it is decoded."""
    try:
        check_target("/" + text)
    except BadRequest:
        return
    assert not {".", ".."} & set(unquote(("/" + text).partition("?")[0]).split("/"))


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (HOST, HOST),
        (("host", ""),),
        (("host", "a b"),),
        (("host", "a,b"),),
        (("host", "user@a"),),
        (HOST, ("content-length", "1"), ("transfer-encoding", "chunked")),
        (HOST, ("content-length", "1"), ("Content-Length", "1")),
        (HOST, ("content-length", "-1")),
        (HOST, ("content-length", "٣")),
        (HOST, ("transfer-encoding", "gzip, chunked")),
        (HOST, ("authorization", "Bearer a"), ("Authorization", "Bearer b")),
        (HOST, ("content-type", "a/b"), ("content-type", "c/d")),
    ],
)
def test_ambiguous_heads_are_refused(headers: Headers) -> None:
    """Missing, doubled or contradictory Host, framing and credentials are refused."""
    with pytest.raises(BadRequest):
        guard(Request("GET", "/", headers))


@pytest.mark.parametrize("headers", [(HOST, ("a", "b" * 70_000)), (HOST, *((str(n), "") for n in range(200)))])
def test_header_section_is_limited(headers: Headers) -> None:
    """Too long and too many header lines are refused."""
    with pytest.raises(HeadersTooLarge):
        guard(Request("GET", "/", headers))


def test_ordinary_request_passes() -> None:
    """A request with one Host and one framing passes."""
    guard(Request("POST", "/a", (HOST, ("content-length", "2"))))
    guard(Request("POST", "/a", (HOST, ("transfer-encoding", "Chunked"))))


CROSSING = table(
    "http://s",
    route("pools.get", "compute", "GET /pools/{id}", "GET /api/pools/{id}"),
    route("pools.health", "compute", "GET /pools/health", "GET /api/health"),
    route("deep", "compute", "GET /pools/a/b", None, access="internal"),
)


@pytest.mark.parametrize("target", ["/pools/health", "/pools/%68ealth", "/pools/a%2Fb", "/pools/a%2fb?x=1"])
def test_path_of_another_route_is_not_reached(target: str) -> None:
    """A path that the service decodes into another route's is refused."""
    with pytest.raises(NotFound):
        check_crossing(CROSSING, CROSSING.routes[0], Request("GET", target))


LENIENT = table(
    "http://s",
    route("files", "compute", "GET /files/{path*}", "GET /api/files/{path*}", access="public"),
    route("head", "compute", "HEAD /files/{path*}", "HEAD /api/files/{path*}", access="public"),
    route("private", "compute", "GET /files/private/x", "GET /api/private"),
    route("open", "compute", "GET /files/open/x", "GET /api/open", access="public"),
)


@pytest.mark.parametrize(
    "target",
    [
        "/files/Private/x",
        "/files/private/x/",
        "/files/private;y/x",
        "/files/a/%252e%252e/private/x",
        "/files/a/..;/other",
    ],
)
def test_path_that_a_lenient_service_takes_for_another_rules_is_not_reached(target: str) -> None:
    """Express folds case, others cut off matrix parameters or decode twice."""
    with pytest.raises(NotFound):
        check_crossing(LENIENT, LENIENT.routes[0], Request("GET", target))


def test_head_is_held_to_the_rules_of_get() -> None:
    """Frameworks answer HEAD on the routes of GET."""
    with pytest.raises(NotFound):
        check_crossing(LENIENT, LENIENT.routes[1], Request("HEAD", "/files/private/x"))
    check_crossing(LENIENT, LENIENT.routes[1], Request("HEAD", "/files/other/x"))


@pytest.mark.parametrize("target", ["/files/Open/x", "/files/open/x/", "/files/PRIVATELY/x", "/files/a.b-c_d/x"])
def test_lenient_reading_of_an_equal_rule_is_nobodys_harm(target: str) -> None:
    """A name of somebody's own that only looks like another route stays usable where nothing is at stake."""
    check_crossing(LENIENT, LENIENT.routes[0], Request("GET", target))


@pytest.mark.parametrize("target", ["/pools/1", "/pools/x%2Fy", "/pools/%20"])
def test_path_of_the_own_route_passes(target: str) -> None:
    """A path that stays within its route passes, and so does one that no route has."""
    check_crossing(CROSSING, CROSSING.routes[0], Request("GET", target))
