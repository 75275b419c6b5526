from __future__ import annotations

from gateway.core.exchange import Request, Response, is_event_stream
from migrate.replay.answer import parts, under_host

EVENTS = b'data: {"a":1}\n\ndata: two\r\n\r\ndata: [DONE]\n\n'


def test_headers_keep_order_case_and_duplicates() -> None:
    """The head is written line by line as recorded."""
    head, body, keep = parts(
        Response(200, (("X-B", "1"), ("x-a", "ü"), ("X-B", "2"), ("Content-Length", "2")), b"hi", "Fine"), "GET"
    )
    assert head == b"HTTP/1.1 200 Fine\r\nX-B: 1\r\nx-a: \xfc\r\nX-B: 2\r\nContent-Length: 2\r\n\r\n"
    assert (body, keep) == ([b"hi"], True)


def test_a_stream_is_one_chunk_per_event() -> None:
    """Each event is its own chunk, whichever line end it uses."""
    headers = (("content-type", "text/event-stream; charset=utf-8"), ("transfer-encoding", "chunked"))
    response = Response(200, headers, EVENTS)
    _, chunks, keep = parts(response, "GET")
    assert is_event_stream(response.headers)
    assert chunks[0] == b'f\r\ndata: {"a":1}\n\n\r\n'
    assert len(chunks) == 4
    assert chunks[-1] == b"0\r\n\r\n"
    assert keep


def test_answers_without_a_body_have_none() -> None:
    """HEAD, 204 and 304 answers end with the head, whatever length they announce."""
    length = (("content-length", "5"),)
    assert parts(Response(200, length, b"hello"), "HEAD")[1] == []
    assert parts(Response(204, (), b""), "DELETE") == (b"HTTP/1.1 204 \r\n\r\n", [], True)
    assert parts(Response(304, length, b""), "GET")[1:] == ([], True)


def test_the_connection_closes_where_it_must() -> None:
    """After a 5xx, after a body only the end delimits, and after a body that broke off."""
    length = (("content-length", "2"),)
    assert not parts(Response(500, length, b"hi"), "GET")[2]
    assert not parts(Response(200, (), b"hi"), "GET")[2]
    assert not parts(Response(200, length, b"h", truncated=True), "GET")[2]
    broken = parts(Response(200, (("transfer-encoding", "chunked"),), b"hi", truncated=True), "GET")
    assert broken[1] == [b"2\r\nhi\r\n"]


def test_a_location_names_the_host_that_was_asked() -> None:
    """Services build redirects from Host: the recorded host becomes the one the gateway asked under."""
    recorded, asked = Request("GET", "/", (("Host", "old:1"),)), Request("GET", "/", (("Host", "new:2"),))
    answer = Response(307, (("Location", "http://old:1/a?b=http://old:1/"), ("X-Url", "http://old:1/")))
    assert under_host(answer, recorded, asked).headers == (
        ("Location", "http://new:2/a?b=http://old:1/"),
        ("X-Url", "http://old:1/"),
    )
    for other in ("/relative", "https://elsewhere/old:1/"):
        kept = Response(307, (("Location", other),))
        assert under_host(kept, recorded, asked) == kept
    assert under_host(answer, Request("GET", "/"), asked) == answer
