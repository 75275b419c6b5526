from __future__ import annotations

import json
from urllib.parse import unquote, unquote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.exchange import Request, header
from gateway.core.mapping import MappingError, to_gateway, to_legacy
from gateway.core.path import PathPattern
from gateway.core.routes import Access, Effect, Move, Place, Route, Target, Where
from tests.apps.table import route as table_route


def route(legacy: str, gateway: str | None, *moves: tuple[str, str]) -> Route:
    """A route with moves written like `body.id`."""
    return Route(
        "r",
        "s",
        target(legacy),
        target(gateway) if gateway else None,
        Effect.READ,
        Access.JWT if gateway else Access.INTERNAL,
        moves=tuple(Move(place(one), place(other)) for one, other in moves),
    )


def target(text: str) -> Target:
    """`GET /path` as a target."""
    method, path = text.split()
    return Target(method, PathPattern(path))


def place(text: str) -> Place:
    """`body.id` as a place."""
    where, _, name = text.partition(".")
    return Place(Where(where), name)


def there(of: Route, request: Request) -> Request:
    """A legacy request in gateway terms."""
    parameters = of.legacy.path.match(request.path)
    assert parameters is not None
    return to_gateway(of, parameters, request)


def back(of: Route, request: Request) -> Request:
    """A gateway request in legacy terms."""
    assert of.gateway is not None
    parameters = of.gateway.path.match(request.path)
    assert parameters is not None, request.path
    return to_legacy(of, parameters, request)


PLAIN = route("POST /deployment/status/{id}", "GET /api/v1/deployments/{id}")
TO_QUERY = route("GET /listPools/{owner_id}", "GET /api/v1/pools", ("path.owner_id", "query.owner_id"))
FROM_BODY = route("POST /terminate", "POST /api/v1/deployments/{id}/terminate", ("body.deployment_id", "path.id"))
RENAMED = route("GET /find", "GET /api/v1/find", ("query.q", "query.text"))
RAW = st.text(st.characters(codec="ascii", exclude_characters="/?#&=+% {}\n\r"), min_size=1).filter(str.isprintable)
ESCAPED = st.lists(RAW | st.sampled_from(["%2F", "%2B", "%20", "%C3%A9"]), min_size=1, max_size=4).map("".join)
QUERY = st.lists(st.tuples(st.sampled_from("abc"), ESCAPED), max_size=4).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs)
)
TEXT = st.text(min_size=1).filter(lambda text: all(not "\ud800" <= char <= "\udfff" for char in text))
JSON = st.recursive(st.none() | st.booleans() | st.integers() | TEXT, lambda inner: st.lists(inner, max_size=3))


def with_query(path: str, query: str) -> str:
    """A raw target."""
    return f"{path}?{query}" if query else path


@given(ESCAPED, QUERY, st.binary())
def test_a_path_parameter_and_the_query_pass_through_raw(value: str, query: str, body: bytes) -> None:
    """Without a move, path values, query and body come through both ways to the byte."""
    request = Request("POST", with_query(f"/deployment/status/{value}", query), (("X", "y"),), body)
    mapped = there(PLAIN, request)
    assert mapped.target == with_query(f"/api/v1/deployments/{value}", query)
    assert mapped.method == "GET"
    assert (mapped.body, mapped.headers) == (body, request.headers)
    assert back(PLAIN, mapped) == request


@given(TEXT, QUERY)
def test_a_move_between_path_and_query_keeps_the_meaning(value: str, query: str) -> None:
    """What stood in the path is what the query says when decoded, and comes back equal in meaning."""
    raw = "".join(f"%{byte:02X}" for byte in value.encode())
    mapped = there(TO_QUERY, Request("GET", with_query(f"/listPools/{raw}", query)))
    name, _, said = mapped.query.split("&")[-1].partition("=")
    assert (mapped.path, name, unquote_plus(said)) == ("/api/v1/pools", "owner_id", value)
    returned = back(TO_QUERY, mapped)
    assert unquote(returned.path) == f"/listPools/{value}"
    assert returned.query == query


@given(TEXT, st.dictionaries(TEXT, JSON, max_size=3))
def test_a_move_out_of_the_body_comes_back_as_it_was(value: str, rest: dict[str, object]) -> None:
    """The body loses the member on the one side and has it again on the other; lengths agree."""
    body = {**rest, "deployment_id": value}
    content = json.dumps(body).encode()
    mapped = there(FROM_BODY, Request("POST", "/terminate", (("Content-Length", str(len(content))),), content))
    assert "deployment_id" not in json.loads(mapped.body)
    assert header(mapped.headers, "content-length") == str(len(mapped.body))
    returned = back(FROM_BODY, mapped)
    assert (returned.method, returned.target, json.loads(returned.body)) == ("POST", "/terminate", body)
    assert header(returned.headers, "content-length") == str(len(returned.body))


def test_a_renamed_query_parameter_keeps_every_value_raw() -> None:
    """Repeated parameters, %2B and encoded names survive a renaming."""
    mapped = there(RENAMED, Request("GET", "/find?q=a%2Bb&x=1&%71=c+d"))
    assert mapped.target == "/api/v1/find?x=1&text=a%2Bb&text=c+d"
    assert back(RENAMED, mapped).target == "/find?x=1&q=a%2Bb&q=c+d"


def test_a_plus_in_a_path_is_no_space_in_a_query() -> None:
    """Path and query escape differently, so a value is written anew where it changes place."""
    assert there(TO_QUERY, Request("GET", "/listPools/a+b")).target == "/api/v1/pools?owner_id=a%2Bb"
    assert back(TO_QUERY, Request("GET", "/api/v1/pools?owner_id=a+b")).target == "/listPools/a%20b"


def test_a_path_value_wins_over_one_smuggled_into_the_body() -> None:
    """The member that moves into the body replaces what a client put there."""
    smuggled = Request("POST", "/api/v1/deployments/mine/terminate", (), b'{"deployment_id":"yours"}')
    assert json.loads(back(FROM_BODY, smuggled).body) == {"deployment_id": "mine"}


def test_an_empty_body_becomes_an_object_with_its_type() -> None:
    """A gateway call without a body is a legacy call with one."""
    mapped = back(FROM_BODY, Request("POST", "/api/v1/deployments/x/terminate", (("Transfer-Encoding", "chunked"),)))
    assert mapped.body == b'{"deployment_id":"x"}'
    assert dict(mapped.headers) == {"Content-Type": "application/json", "Content-Length": "21"}


def test_a_lone_question_mark_stays() -> None:
    """`/path?` is not `/path` (RFC 3986 §6.2.3)."""
    assert there(PLAIN, Request("POST", "/deployment/status/1?")).target == "/api/v1/deployments/1?"


def test_a_number_in_the_body_stands_in_the_path() -> None:
    """Numbers are said as text; nothing else than text and numbers fits a path."""
    assert there(FROM_BODY, Request("POST", "/terminate", (), b'{"deployment_id":7}')).path.endswith("/7/terminate")


@pytest.mark.parametrize("body", [b"not json", b"[1]", b'{"deployment_id":[1]}', b'{"deployment_id":""}', b"", b"{}"])
def test_a_body_without_a_usable_member_is_refused(body: bytes) -> None:
    """What cannot be moved into the path is a MappingError, never a wrong path."""
    with pytest.raises(MappingError):
        there(FROM_BODY, Request("POST", "/terminate", (), body))


@pytest.mark.parametrize("target_", ["/api/v1/pools", "/api/v1/pools?owner_id=", "/api/v1/pools?owner=1"])
def test_a_missing_query_parameter_is_refused(target_: str) -> None:
    """A path that cannot be filled is a MappingError."""
    with pytest.raises(MappingError, match="owner_id"):
        back(TO_QUERY, Request("GET", target_))


def test_bytes_that_are_no_text_cannot_move_into_a_body() -> None:
    """A path value that is not UTF-8 has no JSON form."""
    with pytest.raises(MappingError, match="UTF-8"):
        back(FROM_BODY, Request("POST", "/api/v1/deployments/%FF/terminate"))


def test_bytes_that_are_no_text_move_between_path_and_query() -> None:
    """Where no JSON is involved every byte has a form."""
    mapped = there(TO_QUERY, Request("GET", "/listPools/%FF"))
    assert mapped.target == "/api/v1/pools?owner_id=%FF"
    assert back(TO_QUERY, mapped).target == "/listPools/%FF"


def test_odd_json_in_a_rewritten_body_is_kept_or_refused() -> None:
    """A lone surrogate stays an escape; a number that JSON cannot say is refused."""
    mapped = there(FROM_BODY, Request("POST", "/terminate", (), b'{"deployment_id":"x","note":"\\ud800"}'))
    assert mapped.body == b'{"note":"\\ud800"}'
    with pytest.raises(MappingError, match="number"):
        there(FROM_BODY, Request("POST", "/terminate", (), b'{"deployment_id":"x","note":1e999}'))


def test_an_internal_route_has_no_gateway_terms() -> None:
    """Nothing internal is ever written as a gateway request."""
    with pytest.raises(MappingError, match="internal"):
        there(route("GET /internal/x", None), Request("GET", "/internal/x"))


def test_a_parameter_that_no_side_supplies_is_named() -> None:
    """A table that was not checked still gives a clear refusal."""
    with pytest.raises(MappingError, match="id"):
        there(route("GET /x", "GET /y/{id}"), Request("GET", "/x"))


def test_a_text_that_no_path_can_hold_is_a_mapping_error() -> None:
    """A lone surrogate, legal in JSON, has no percent-encoded form; that is said, not raised from within."""
    moved = table_route("r", "compute", "POST /stop", "POST /api/{id}/stop", moves=[("body.thing", "path.id")])
    with pytest.raises(MappingError, match="UTF-8"):
        to_gateway(moved, {}, Request("POST", "/stop", body=b'{"thing":"\\ud800"}'))
