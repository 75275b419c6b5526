"""What of HTTP/2 is passed on; the whole list of refusals is tested over the wire in test_http2.py."""

from __future__ import annotations

import pytest

from gateway.listen.strict import Unacceptable, request_of

HEAD = [(b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/a")]


def test_authority_is_host_and_stands_first() -> None:
    """Host is said once; without an authority the client's own Host stays."""
    same = [*HEAD, (b":authority", b"a"), (b"x", b"y"), (b"host", b"a")]
    assert request_of(same, b"https", ended=True) == (b"GET", b"/a", [(b"host", b"a"), (b"x", b"y")])
    assert request_of([*HEAD, (b"host", b"b")], b"https", ended=True)[2] == [(b"host", b"b")]


def test_body_is_framed_by_its_length_or_as_chunks() -> None:
    """Exactly one of the two stands beside a body, none beside nothing."""
    length = (b"content-length", b"2")
    assert request_of([*HEAD, length], b"https", ended=False)[2] == [length]
    assert request_of(HEAD, b"https", ended=False)[2] == [(b"transfer-encoding", b"chunked")]
    assert request_of(HEAD, b"https", ended=True)[2] == []


@pytest.mark.parametrize(
    "extra",
    [
        (b"host", b"b"),
        (b"X", b"y"),
        (b"x\n", b"y"),
        (b"x", b"y\x00"),
        (b"x", b"y\n"),
        (b"transfer-encoding", b"chunked"),
        (b"connection", b"x"),
        (b"te", b"gzip"),
        (b":protocol", b"websocket"),
        (b"content-length", b"1"),
        (b"content-length", b"-0"),
    ],
)
def test_each_rule_holds_without_the_package(extra: tuple[bytes, bytes]) -> None:
    """Whatever the frame parser lets pass is refused here."""
    with pytest.raises(Unacceptable):
        request_of([*HEAD, (b":authority", b"a"), extra], b"https", ended=True)


def test_other_scheme_is_refused() -> None:
    """A request says the scheme it came over."""
    with pytest.raises(Unacceptable):
        request_of(HEAD, b"http", ended=True)


@pytest.mark.parametrize("method", [b"", b"GET /", b"G\r\n", b"G\xff"])
def test_method_is_a_token(method: bytes) -> None:
    """Nothing but a token can be a method."""
    with pytest.raises(Unacceptable):
        request_of([(b":method", method), *HEAD[1:]], b"https", ended=True)
