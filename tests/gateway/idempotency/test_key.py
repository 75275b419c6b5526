from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.routes import Effect, Kind
from gateway.idempotency.key import BadKeyError, counts, key_of
from tests.apps.table import route

WRITE = route("w", "s", "POST /w", "POST /w")


def sent(*values: str) -> tuple[tuple[str, str], ...]:
    """Headers with these keys."""
    return (("Host", "a"), *(("Idempotency-Key", value) for value in values))


def test_without_the_header_there_is_no_key() -> None:
    """No key is invented."""
    assert key_of((("Host", "a"), ("X-Idempotency-Key", "b"))) == ""


@pytest.mark.parametrize("value", ["a", '"a"', "  a\t", ' "a" '])
def test_quoted_and_bare_are_the_same_key(value: str) -> None:
    """The draft asks for quotes, most clients send none."""
    assert key_of(sent(value)) == "a"


def test_escapes_in_quotes_are_read() -> None:
    """As RFC 8941 writes them."""
    assert key_of(sent(r'"a\"b\\c"')) == 'a"b\\c'


@pytest.mark.parametrize("name", ["idempotency-key", "IDEMPOTENCY-KEY"])
def test_the_name_has_no_case(name: str) -> None:
    """Like every header."""
    assert key_of(((name, "a"),)) == "a"


@pytest.mark.parametrize(
    "value", ["", '""', "   ", "a\x00", "a\x1fb", "\x7f", "schl\xfcssel", '"a', '"a"b', '"a"; b', '"\\x"']
)
def test_a_malformed_key_is_refused(value: str) -> None:
    """Empty, control characters, beyond ASCII, broken quotes, parameters."""
    with pytest.raises(BadKeyError, match="Idempotency-Key"):
        key_of(sent(value))


def test_a_key_has_255_characters_at_most() -> None:
    """Quotes not counted."""
    assert key_of(sent('"' + "k" * 255 + '"')) == "k" * 255
    with pytest.raises(BadKeyError, match="longer than 255"):
        key_of(sent("k" * 256))


def test_two_headers_are_refused() -> None:
    """Whichever counted, somebody would read the other."""
    with pytest.raises(BadKeyError, match="More than one"):
        key_of(sent("a", "a"))


@given(st.text(st.characters(max_codepoint=255), max_size=300))
def test_any_header_is_a_key_or_refused(value: str) -> None:
    """A key that comes through is printable ASCII of 1 to 255 characters."""
    try:
        key = key_of(sent(value))
    except BadKeyError:
        return
    assert 1 <= len(key) <= 255
    assert key.isascii()
    assert key.isprintable()


def test_a_key_counts_where_a_request_writes_or_costs() -> None:
    """Not for reads, not for safe methods, not for sockets."""
    assert counts(WRITE, "POST")
    assert counts(WRITE, "DELETE")
    assert counts(route("m", "s", "POST /m", "POST /m", effect=Effect.METERED), "POST")
    assert not counts(route("r", "s", "POST /r", "POST /r", effect=Effect.READ), "POST")
    assert not counts(WRITE, "GET")
    assert not counts(route("k", "s", "POST /k", "POST /k", kind=Kind.WEBSOCKET), "POST")
