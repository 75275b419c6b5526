from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.idempotency.keys import Kept, Keys

KEYS = Keys(b"k" * 32)
ANSWER = Kept(201, (("content-type", "application/json"), ("x-latin", "\xe9")), b'{"token":"top-secret"}\n\x00')


@pytest.mark.proof
@given(st.binary(max_size=200), st.integers(100, 599), st.lists(st.tuples(st.text(max_size=9), st.text(max_size=9))))
def test_what_was_sealed_is_opened_again(body: bytes, status: int, headers: list[tuple[str, str]]) -> None:
    """Status, headers and any bytes."""
    answer = Kept(status, tuple(headers), body)
    assert KEYS.open("slot", KEYS.seal("slot", answer)) == answer


def test_a_body_that_was_not_kept_is_told_from_an_empty_one() -> None:
    """None is not nothing."""
    for body in (None, b""):
        assert KEYS.open("slot", KEYS.seal("slot", Kept(200, (), body))) == Kept(200, (), body)


def test_sealed_bytes_show_nothing_and_never_repeat() -> None:
    """Neither body nor header names, and two seals of one answer differ."""
    sealed = KEYS.seal("slot", ANSWER)
    assert b"secret" not in sealed
    assert b"content-type" not in sealed
    assert sealed != KEYS.seal("slot", ANSWER)


def test_an_answer_opens_with_its_key_and_in_its_slot_only() -> None:
    """Moved to another slot, changed, cut, or under another key it is nothing."""
    sealed = KEYS.seal("slot", ANSWER)
    assert KEYS.open("other", sealed) is None
    assert Keys(b"x" * 32).open("slot", sealed) is None
    assert KEYS.open("slot", sealed[:-1]) is None
    assert KEYS.open("slot", bytes([sealed[0] ^ 1]) + sealed[1:]) is None
    assert KEYS.open("slot", b"") is None


def test_digests_depend_on_key_purpose_and_every_part() -> None:
    """Parts cannot be shifted into each other."""
    digests = [
        KEYS.digest("slot", "a", "bc"),
        KEYS.digest("slot", "ab", "c"),
        KEYS.digest("head", "a", "bc"),
        KEYS.digest("slot", "a", "bc", ""),
        Keys(b"x" * 32).digest("slot", "a", "bc"),
    ]
    assert len(set(digests)) == 5
    assert KEYS.digest("slot", "a", "bc") == digests[0]


def test_a_body_digest_does_not_depend_on_its_pieces() -> None:
    """However it arrived."""
    one, other = KEYS.body(), KEYS.body()
    one.add(b"abcd")
    for piece in (b"a", b"", b"bcd"):
        other.add(piece)
    assert one.text == other.text != KEYS.body().text


def test_keys_have_names_that_tell_them_apart() -> None:
    """And show nothing of them."""
    assert Keys(b"k" * 32).name == KEYS.name != Keys(b"x" * 32).name
    assert "6b6b" not in KEYS.name
