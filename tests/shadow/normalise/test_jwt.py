"""Tokens as claims."""

from __future__ import annotations

import jwt as tokens
import pytest

from shadow.normalise.jwt import claims

KEY = "k" * 32


def token(**said: object) -> str:
    """A signed token."""
    return tokens.encode(dict(said), KEY)


def test_when_a_token_was_made_does_not_count() -> None:
    """Two tokens that differ in their times only have the same claims; how long they live counts."""
    first = claims(token(sub="u", iat=1000, exp=2800, nbf=1000))
    assert first == claims(token(sub="u", iat=1007, exp=2807))
    assert first != claims(token(sub="u", iat=1000, exp=9999))
    assert first != claims(token(sub="v", iat=1000, exp=2800))


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "é.é.é", None, 7, f"{'eyI' * 3}.x.y", token(sub="u")])
def test_what_is_no_token_has_none(text: object) -> None:
    """Neither has one without a lifetime."""
    assert claims(text) is None
