from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.exchange import BodySum, Request, Response, header, header_values

LATIN = st.text(st.characters(codec="latin-1"))
HEADERS = st.lists(st.tuples(LATIN, LATIN), max_size=5).map(tuple)


@given(st.builds(Request, method=LATIN, target=LATIN, headers=HEADERS, body=st.binary(), client=st.text()))
def test_a_request_survives_json(request_: Request) -> None:
    """A request read back from its JSON is the same to the byte."""
    assert Request.from_json(json.loads(json.dumps(request_.to_json()))) == request_


@given(
    st.builds(
        Response,
        status=st.integers(100, 599),
        headers=HEADERS,
        body=st.binary(),
        reason=LATIN,
        truncated=st.booleans(),
        sum=st.none() | st.builds(BodySum, st.integers(0, 2**40), LATIN),
        arrivals=st.lists(st.tuples(st.floats(0, 99), st.integers(0, 99)), max_size=3).map(tuple),
    )
)
def test_a_response_survives_json(response: Response) -> None:
    """A response read back from its JSON is the same to the byte."""
    assert Response.from_json(json.loads(json.dumps(response.to_json()))) == response


def test_headers_are_found_without_case_and_in_order() -> None:
    """The first value counts, and every value is there."""
    headers = (("Set-Cookie", "a=1"), ("X", "y"), ("set-cookie", "b=2"))
    assert header(headers, "SET-COOKIE") == "a=1"
    assert header_values(headers, "Set-cookie") == ["a=1", "b=2"]
    assert header(headers, "missing") is None
    assert header_values(headers, "missing") == []


def test_path_and_query_stay_raw() -> None:
    """Only the first question mark divides, and nothing is decoded."""
    request = Request("GET", "/a%2Fb?x=%2B&y=?")
    assert (request.path, request.query) == ("/a%2Fb", "x=%2B&y=?")
    assert Request("GET", "/a").query == ""


def test_an_upgrade_is_a_websocket_handshake() -> None:
    """The Upgrade header decides, without case."""
    assert Request("GET", "/", (("UPGRADE", "WebSocket"),)).is_upgrade
    assert not Request("GET", "/", (("Upgrade", "h2c"),)).is_upgrade
    assert not Request("GET", "/").is_upgrade


def test_a_preflight_asks_for_a_method() -> None:
    """OPTIONS without Access-Control-Request-Method is an ordinary request."""
    assert Request("OPTIONS", "/", (("access-control-request-method", "POST"),)).is_preflight
    assert not Request("OPTIONS", "/").is_preflight
    assert not Request("GET", "/", (("Access-Control-Request-Method", "POST"),)).is_preflight
