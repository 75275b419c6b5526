from __future__ import annotations

import jwt
import pytest

from gateway.core.exchange import Request
from migrate.replay.signed import signed_by_another

KEY, OTHER = "a" * 32, "b" * 32


def request(token: str) -> Request:
    """One that carries it."""
    return Request("GET", "/", (("Authorization", f"Bearer {token}"),))


def token(key: str, **claims: object) -> str:
    """Signed with this key, long past its end."""
    return jwt.encode({"sub": "u", "exp": 1, "aud": "somebody", **claims}, key, algorithm="HS256")


@pytest.mark.parametrize(
    ("carried", "foreign"),
    [
        ((), 0),
        ((token(KEY),), 0),
        ((token(OTHER),), 1),
        ((token(OTHER), token(OTHER), token(OTHER, sub="v")), 2),
        ((token(OTHER), token(KEY)), 0),
        (("sk-an-api-key", "a.b.c"), 0),
        (("sk-an-api-key", token(OTHER)), 1),
    ],
)
def test_a_key_that_signed_nothing_is_told(carried: tuple[str, ...], foreign: int) -> None:
    """Tokens count once each; what is no token of this algorithm says nothing; one that verifies is enough."""
    assert signed_by_another([Request("GET", "/"), *map(request, carried)], KEY) == foreign
