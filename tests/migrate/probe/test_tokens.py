from __future__ import annotations

import time

import jwt
import pytest

from migrate.probe.tokens import SUBJECT, claims, forged, signed
from tests.apps.table import JWT_SECRET, token


def test_a_genuine_token_holds() -> None:
    """Anybody's JWT library accepts it and reads its claims."""
    content = claims(time.time(), "org-1")
    assert jwt.decode(signed(JWT_SECRET, content), JWT_SECRET, algorithms=["HS256"]) == content
    assert (content["sub"], content["org_id"], content["type"]) == (SUBJECT, "org-1", "access")


def test_no_forged_token_holds() -> None:
    """The secret and the algorithm refuse each of them."""
    made = forged(time.time(), "org-1", genuine=token(), secret=JWT_SECRET, algorithms=("HS256",))
    assert len({how for how, _ in made}) == 7
    for _, text in made:
        with pytest.raises(jwt.PyJWTError):
            jwt.decode(text, JWT_SECRET, algorithms=["HS256"])


def test_what_is_not_known_is_left_out() -> None:
    """Without a genuine token and the secret there are five."""
    assert len(forged(time.time(), "org-1")) == 5
    assert len(forged(time.time(), "org-1", secret="s", algorithms=("HS256", "HS384", "HS512"))) == 5
