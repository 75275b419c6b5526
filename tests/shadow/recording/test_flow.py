from __future__ import annotations

from typing import Any

import pytest

from gateway.core.exchange import Close, Failure, Frame, Response
from shadow.recording.flow import parse_flow
from shadow.recording.recorded import RecordingError
from tests.apps.recordings import flow, netstring


def test_a_flow_becomes_an_exchange() -> None:
    """Bytes stay as mitmproxy kept them; times are relative to the start; the client's address is known."""
    (read,) = parse_flow("x.flow", netstring(flow()))
    assert (read.origin.host, read.origin.port) == ("localhost", 8000)
    assert (read.exchange.request.method, read.exchange.request.target) == ("GET", "/auth/me")
    assert read.exchange.request.client == "127.0.0.9"
    assert isinstance(read.exchange.response, Response)
    assert (read.exchange.response.status, read.exchange.response.body) == (200, b"{}")
    assert (read.exchange.started, read.exchange.first_byte, read.exchange.total) == (100.0, 0.5, 1.0)


def test_a_compressed_body_stays_compressed() -> None:
    """Unlike a HAR, a flow file keeps the bytes of the wire, and the headers that describe them."""
    packed = flow()
    packed["response"] |= {
        "content": b"\x1f\x8b",
        "headers": [[b"content-encoding", b"gzip"], [b"content-length", b"2"]],
    }
    response = parse_flow("x.flow", netstring(packed))[0].exchange.response
    assert isinstance(response, Response)
    assert response.body == b"\x1f\x8b"
    assert ("content-encoding", "gzip") in response.headers


def test_websocket_messages_are_frames() -> None:
    """Text and binary messages in order, control messages left out."""
    socket = flow(
        websocket={"messages": [[1, True, b"hi", 100.5], [2, False, b"\x00", 101.0], [9, False, b"", 102.0]]}
    )
    assert parse_flow("x.flow", netstring(socket))[0].exchange.frames == (
        Frame(from_client=True, text=True, data=b"hi", at=0.5),
        Frame(from_client=False, text=False, data=b"\x00", at=1.0),
    )


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (
            {"closed_by_client": False, "close_code": 1011, "close_reason": "o\nut"},
            Close(from_client=False, code=1011, reason="out"),
        ),
        ({"closed_by_client": None, "close_code": None, "close_reason": None}, None),
        ({}, None),
    ],
)
def test_the_end_of_a_socket_is_kept(told: dict[str, Any], expected: Close | None) -> None:
    """Who closed it, its code and its reason; None where the recorder saw no end."""
    (one,) = parse_flow("f", netstring(flow(websocket={"messages": [], **told})))
    assert one.exchange.close == expected


def test_a_flow_without_an_answer_is_a_failure() -> None:
    """The recorder's error text stands in for the answer."""
    (read,) = parse_flow("x.flow", netstring(flow(response=None, error={"msg": "peer closed"})))
    assert read.exchange.response == Failure("broken", "peer closed")


def test_an_answer_that_broke_off_is_truncated() -> None:
    """A response beside an error is what came before the break."""
    (read,) = parse_flow("x.flow", netstring(flow(error={"msg": "peer closed"})))
    assert isinstance(read.exchange.response, Response)
    assert read.exchange.response.truncated


def test_bodies_that_were_streamed_are_noted() -> None:
    """Mitmproxy keeps no body that it streamed; the exchange says which one is missing."""
    streamed = flow()
    streamed["request"]["content"] = streamed["response"]["content"] = None
    (read,) = parse_flow("x.flow", netstring(streamed))
    assert read.notes == ("request body not recorded", "response body not recorded")
    assert isinstance(read.exchange.response, Response)
    assert ("content-length", "0") in read.exchange.response.headers


def test_other_traffic_is_counted_by_its_kind() -> None:
    """A TCP or DNS flow is no exchange, but it is not dropped."""
    (read,) = parse_flow("x.flow", netstring({"type": "dns"}))
    assert str(read.origin) == "dns:"


@pytest.mark.parametrize(
    ("part", "change", "where"),
    [
        ("request", {"host": ""}, "request.host"),
        ("request", {"port": "x"}, "request.port"),
        ("request", {"path": b"/a b"}, "request.path"),
        ("request", {"headers": None}, "headers"),
        ("request", {"headers": [[b"a\r\nb", b"c"]]}, "cannot stand on the wire"),
        ("request", {"method": b"GET /x\r\n"}, "request.method"),
        ("request", {"timestamp_start": "x"}, "a time"),
        ("request", {"timestamp_start": 10**400}, "not finite"),
        ("response", {"status_code": 99}, "status_code"),
        ("response", {"content": 5}, "no bytes"),
    ],
)
def test_hostile_flows_are_named_in_one_line(part: str, change: dict[str, Any], where: str) -> None:
    """A flow that makes no sense is named with its number and offset."""
    wrong = flow()
    wrong[part] |= change
    first = netstring(flow())
    with pytest.raises(RecordingError) as caught:
        parse_flow("x.flow", first + netstring(wrong))
    line = str(caught.value)
    assert line.startswith(f"x.flow: flow 1 at byte {len(first)}: ")
    assert where in line
    assert line.endswith("1 exchanges before it can be read")


@pytest.mark.parametrize(
    "value", [[], {"type": 5}, {"type": "http"}, flow(websocket={}), flow(websocket={"messages": [5]})]
)
def test_values_that_are_no_flows_are_refused(value: object) -> None:
    """A netstring that is no flow is no recording."""
    with pytest.raises(RecordingError, match="flow 0 at byte 0"):
        parse_flow("x.flow", netstring(value))


def test_a_truncated_file_says_where() -> None:
    """The byte where the broken flow begins, and how many flows stand before it."""
    whole = netstring(flow())
    with pytest.raises(RecordingError) as caught:
        parse_flow("x.flow", whole * 2 + whole[:50])
    line = str(caught.value)
    assert f"in the flow that begins at byte {2 * len(whole)}" in line
    assert line.endswith("2 exchanges before it can be read")
