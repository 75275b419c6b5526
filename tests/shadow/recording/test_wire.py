from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.recording.recorded import EntryError, Origin
from shadow.recording.wire import body_bytes, clean_headers, decode_base64, fit_length, header_text, split_url


@pytest.mark.parametrize(
    ("url", "origin", "target"),
    [
        ("http://localhost:8000/a/b?x=1&x=2#frag", Origin("http", "localhost", 8000), "/a/b?x=1&x=2"),
        ("https://API.example.com", Origin("https", "api.example.com", 443), "/"),
        ("http://[::1]:3000/x%2Fy?a=%2B", Origin("http", "::1", 3000), "/x%2Fy?a=%2B"),
        ("ws://h/nosana", Origin("ws", "h", 80), "/nosana"),
        ("http://h?q", Origin("http", "h", 80), "/?q"),
        ("http://h/ü b", Origin("http", "h", 80), "/%C3%BC%20b"),
        ("data:text/plain,hi", Origin("data", "", 0), "text/plain,hi"),
        ("http://user:pass@h:81/", Origin("http", "h", 81), "/"),
    ],
)
def test_a_url_splits_into_origin_and_raw_target(url: str, origin: Origin, target: str) -> None:
    """Escapes, repeated parameters and dots stay as they are; only what no wire carries is escaped."""
    assert split_url(url) == (origin, target)


@pytest.mark.parametrize("url", ["", "/relative", "http://", "http://h:99999/", "http://[::1/", "http://h:x/"])
def test_a_url_without_a_host_is_refused(url: str) -> None:
    """What is no absolute URL with a host is an entry error."""
    with pytest.raises(EntryError):
        split_url(url)


def test_pseudo_headers_become_a_host() -> None:
    """HTTP/2 pseudo headers go, and Host is made from :authority, else from the URL."""
    origin = Origin("https", "h", 443)
    assert clean_headers(((":method", "GET"), (":authority", "api:1"), ("a", "b")), origin) == (
        ("Host", "api:1"),
        ("a", "b"),
    )
    assert clean_headers((("a", "b"),), origin)[0] == ("Host", "h:443")
    assert clean_headers((("HOST", "mine"),), origin) == (("HOST", "mine"),)


@pytest.mark.parametrize("pair", [("a\r\nb", "c"), ("a", "b\r\nX: y"), ("a", "b\0"), ("", "x"), ("a b", "x")])
def test_a_header_that_would_break_the_wire_is_refused(pair: tuple[str, str]) -> None:
    """A recording cannot smuggle a second header or request into the replay."""
    with pytest.raises(EntryError, match="cannot stand on the wire"):
        clean_headers((pair,))


@given(st.binary(max_size=40))
def test_header_bytes_survive(raw: bytes) -> None:
    """A value that a recorder decoded as UTF-8 with surrogate escapes gives back its bytes as latin-1."""
    assert header_text(raw.decode("utf-8", "surrogateescape")).encode("latin-1") == raw


@given(st.binary(max_size=60))
def test_body_bytes_survive_both_ways_of_decoding(raw: bytes) -> None:
    """Whether a tool decoded a body as UTF-8 or latin-1, the announced length finds the bytes again."""
    for charset in ("utf-8", "latin-1"):
        text = raw.decode(charset, "surrogateescape")
        assert body_bytes(text, "application/octet-stream", str(len(raw))) == raw


def test_the_declared_charset_decides_where_no_length_does() -> None:
    """A declared charset encodes the text; an unknown one falls back to UTF-8."""
    assert body_bytes("ü", "text/plain; charset=latin-1", None) == b"\xfc"
    assert body_bytes("ü", "text/plain; charset=klingon", None) == "ü".encode()
    assert body_bytes("\ud800", "", None) == b"?"


def test_base64_that_is_none_is_refused() -> None:
    """Broken base64 is an entry error; line breaks in it are fine."""
    assert decode_base64("aGk=\n") == b"hi"
    with pytest.raises(EntryError):
        decode_base64("a!")


def test_headers_describe_the_decoded_body() -> None:
    """A content coding that the recorder removed is taken out of the headers, and the length fits the bytes."""
    headers = (("Content-Encoding", "gzip"), ("Content-Length", "9"), ("x", "y"))
    fitted, notes = fit_length(headers, b"hello world", decoded=True)
    assert fitted == (("Content-Length", "11"), ("x", "y"))
    assert notes == ("body was gzip, recorded decoded",)


def test_headers_that_fit_stay() -> None:
    """Nothing is changed and nothing noted where the headers describe the body."""
    headers = (("content-length", "2"), ("content-encoding", "identity"))
    assert fit_length(headers, b"hi", decoded=True) == (headers, ())
    assert fit_length((("content-length", "3"),), b"hi", decoded=False)[1] == (
        "content-length was 3, 2 bytes recorded",
    )
