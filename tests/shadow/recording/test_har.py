from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from gateway.core.exchange import Exchange, Failure, Frame, Response
from shadow.recording.har import parse_har
from shadow.recording.recorded import Recorded, RecordingError
from tests.apps.recordings import entry, har, pairs


def one(value: dict[str, Any]) -> Recorded:
    """The only exchange of a HAR with this entry."""
    return parse_har("x.har", har(value))[0]


def answer(exchange: Exchange) -> Response:
    """The exchange's response."""
    assert isinstance(exchange.response, Response)
    return exchange.response


def test_an_entry_becomes_an_exchange() -> None:
    """Method, raw target, headers, body, times in seconds: all in core's terms."""
    read = one(entry("http://localhost:8000/a%2Fb?x=1&x=2", sent={"X-A": "1"}, answered={"content-length": "11"}))
    assert (read.exchange.request.method, read.exchange.request.target) == ("GET", "/a%2Fb?x=1&x=2")
    assert read.exchange.request.headers == (("Host", "localhost:8000"), ("X-A", "1"))
    assert answer(read.exchange).body == b'{"ok":true}'
    assert (read.exchange.started, read.exchange.total) == (1767323045.5, 0.0125)
    assert read.exchange.first_byte == pytest.approx(0.010)
    assert read.notes == ()


def test_a_chrome_entry_over_http2_is_read() -> None:
    """Chrome's pseudo headers, initiator and negative timings do no harm; -1 sizes mean unknown."""
    chrome = entry(
        "https://api.example.com/v1/models",
        sent={":authority": "api.example.com", ":method": "GET", ":path": "/v1/models", ":scheme": "https", "a": "b"},
        _initiator={"type": "script"},
        _priority="High",
        connection="443",
        timings={"blocked": -1, "dns": -1, "ssl": -1, "connect": -1, "send": 0.1, "wait": 5, "receive": 1},
    )
    chrome["request"] |= {"httpVersion": "h2", "headersSize": -1, "bodySize": -1}
    read = one(chrome)
    assert read.exchange.request.headers == (("Host", "api.example.com"), ("a", "b"))
    assert str(read.origin) == "api.example.com:443"


def test_a_chrome_upload_in_base64_and_compressed_answer_are_read() -> None:
    """A base64 answer is decoded; a coding the recorder removed leaves the headers, with a note."""
    coded = entry(answered={"content-encoding": "br", "content-length": "5"})
    coded["response"]["content"] |= {"text": base64.b64encode(b"\x00\xffbinary").decode(), "encoding": "base64"}
    read = one(coded)
    assert answer(read.exchange).body == b"\x00\xffbinary"
    assert answer(read.exchange).headers == (("content-type", "application/json"), ("content-length", "8"))
    assert read.notes == ("body was br, recorded decoded",)


def test_a_firefox_form_without_text_is_rebuilt_from_its_parameters() -> None:
    """Firefox may leave postData.text out; a form's parameters are enough."""
    form = entry(method="POST", sent={"Content-Type": "application/x-www-form-urlencoded", "Content-Length": "11"})
    form["request"]["postData"] = {
        "mimeType": "application/x-www-form-urlencoded",
        "params": pairs({"a": "1 2", "b": "ü"}),
    }
    read = one(form)
    assert read.exchange.request.body == b"a=1+2&b=%C3%BC"
    assert read.notes == ("content-length was 11, 14 bytes recorded",)


def test_a_firefox_websocket_keeps_its_frames() -> None:
    """Messages keep direction, type and time; control frames are left out."""
    socket = entry("ws://localhost:3000/nosana", status=101, text="")
    socket["_webSocketMessages"] = [
        {"type": "send", "time": 1767323046.0, "opcode": 1, "data": "hi ü"},
        {"type": "receive", "time": 1767323046.5, "opcode": 2, "data": base64.b64encode(b"\x00\x01").decode()},
        {"type": "receive", "time": 1767323047.0, "opcode": 9, "data": ""},
    ]
    assert one(socket).exchange.frames == (
        Frame(from_client=True, text=True, data="hi ü".encode(), at=0.5),
        Frame(from_client=False, text=False, data=b"\x00\x01", at=1.0),
    )


def test_bodies_that_were_not_recorded_are_noted() -> None:
    """A HAR without bodies is read; each missing body is said, and the lengths fit what is there."""
    bare = entry(method="POST", sent={"Content-Length": "20"}, text=None, answered={"content-length": "300"})
    bare["response"]["content"]["size"] = 300
    read = one(bare)
    assert read.notes[0] == "request body not recorded"
    assert "response body not recorded" in read.notes
    assert answer(read.exchange).body == b""
    assert ("content-length", "0") in answer(read.exchange).headers


def test_a_blocked_request_is_a_failure() -> None:
    """Chrome's status 0 is no answer."""
    blocked = entry(status=0, text="")
    blocked["response"]["_error"] = "net::ERR_FAILED"
    assert one(blocked).exchange.response == Failure("broken", "net::ERR_FAILED")


def test_lengths_of_answers_without_a_body_stay() -> None:
    """HEAD and 304 answers announce a length that no body follows."""
    assert ("content-length", "9") in answer(
        one(entry(method="HEAD", text="", answered={"content-length": "9"})).exchange
    ).headers
    assert ("content-length", "9") in answer(
        one(entry(status=304, text="", answered={"content-length": "9"})).exchange
    ).headers


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"request": None}, "request is missing"),
        ({"request": []}, "request is a list"),
        ({"response": "x"}, "response is a str"),
        ({"startedDateTime": "yesterday"}, "startedDateTime 'yesterday'"),
        ({"startedDateTime": 5}, "startedDateTime is a int"),
        ({"time": "long"}, "time is 'long'"),
        ({"time": 10**400}, "time is not a finite number"),
        ({"time": True}, "time is True"),
        ({"timings": {"wait": []}}, "timings"),
        ({"_webSocketMessages": {}}, "_webSocketMessages is a dict"),
        ({"_webSocketMessages": [{"time": "x"}]}, "_webSocketMessages.time"),
        ({"request": {"method": 5, "url": "http://h/"}}, "request.method is a int"),
        ({"request": {"method": "GET", "url": "nope"}}, "url 'nope' is not absolute"),
        ({"request": {"method": "GET", "url": "http://h/", "headers": [{"name": "a\nb", "value": ""}]}}, "header"),
        ({"request": {"method": "GET /x HTTP/1.1\r\nA: b", "url": "http://h/"}}, "request.method"),
        ({"response": {"status": "200"}}, "response.status is '200'"),
        ({"response": {"status": 200, "content": {"text": 5}}}, "response.content.text is a int"),
        ({"response": {"status": 200, "content": {"text": "!", "encoding": "base64"}}}, "base64"),
    ],
)
def test_hostile_entries_are_named_in_one_line(change: dict[str, Any], where: str) -> None:
    """Wrong types and giant numbers give one line with file, entry and place."""
    with pytest.raises(RecordingError) as caught:
        parse_har("x.har", har(entry(), entry() | change))
    line = str(caught.value)
    assert line.startswith("x.har: entry 1 of 2: ")
    assert where in line
    assert "\n" not in line
    assert line.endswith("1 exchanges before it can be read")


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"[]", "the document is no object"),
        (b"{}", "no list log.entries"),
        (b'{"log": {"entries": {}}}', "no list log.entries"),
        (b'{"log": 5}', "no list log.entries"),
        (b"{" * 100_000, "broken JSON at byte 1"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b'{"log": \xff}', "not UTF-8 at byte 8"),
        (b'{"log": ' + b"9" * 5000 + b"}", "thousands of digits"),
    ],
)
def test_hostile_documents_get_one_line(data: bytes, line: str) -> None:
    """What is no HAR says in which way, without a traceback."""
    with pytest.raises(RecordingError, match=line):
        parse_har("x.har", data)


def test_a_byte_order_mark_is_passed_over() -> None:
    """Some exporters begin the file with one."""
    assert len(parse_har("x.har", b"\xef\xbb\xbf" + har(entry()))) == 1


def test_an_empty_recording_is_no_error() -> None:
    """A HAR without entries holds no exchange."""
    assert parse_har("x.har", json.dumps({"log": {"entries": []}}).encode()) == ()
