"""JSON Web Tokens."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.authenticate.jwt import json_web_token
from gateway.caller import Caller
from gateway.core.policy import Policy
from gateway.problem import Unauthenticated
from tests.apps.table import JWT_SECRET, settings, token


def check(text: str, **changes: Any) -> Caller:
    """The caller of a token."""
    return json_web_token(f"Bearer {text}", Policy(), settings(**changes))


def unsigned(header: dict[str, Any], claims: dict[str, Any]) -> str:
    """A token without a signature."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)]
    return f"{parts[0]}.{parts[1]}."


def test_claims_become_the_caller() -> None:
    """Subject, organisation and roles come from the token."""
    assert check(token()) == Caller("jwt", "user-1", "org-1", ("admin",))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": None}, "invalid"),
        ({"exp": int(time.time()) - 1}, "expired"),
        ({"exp": True}, "expired"),
        ({"exp": "tomorrow"}, "expired"),
        ({"type": "refresh"}, "wrong-type"),
        ({"type": None}, "wrong-type"),
        ({"nbf": int(time.time()) + 86_400}, "not-yet-valid"),
        ({"nbf": "x"}, "not-yet-valid"),
        ({"sub": None}, "invalid"),
        ({"sub": ""}, "invalid"),
        ({"sub": "a\r\nX-Evil: 1"}, "invalid"),
        ({"secret": "another-secret-key-0123456789abcdef0123456789"}, "invalid"),
        ({"algorithm": "HS512", "secret": JWT_SECRET * 2}, "invalid"),
    ],
)
def test_bad_tokens_are_refused(changes: dict[str, Any], reason: str) -> None:
    """Missing or past expiry, another type, a foreign signature or algorithm are 401 with their reason."""
    with pytest.raises(Unauthenticated) as refused:
        check(token(**changes))
    assert refused.value.reason == reason


def test_algorithm_none_is_refused() -> None:
    """A token that claims to need no signature does not hold."""
    claims = {"sub": "user-1", "exp": time.time() + 60, "type": "access"}
    for name in ("none", "None", "HS256"):
        with pytest.raises(Unauthenticated):
            check(unsigned({"alg": name, "typ": "JWT"}, claims))


def test_clock_is_the_settings_own() -> None:
    """A recording's clock makes a recorded token hold, and the wall clock does not."""
    old = token(exp=1_000_000, iat=999_000)
    assert check(old, clock=lambda: 999_999.0).subject == "user-1"
    with pytest.raises(Unauthenticated):
        check(old)


def test_odd_claims_are_left_out() -> None:
    """Roles and organisations that are no plain text are not told to anybody."""
    caller = check(token(roles=["admin", 7, "a\nb", ""], org_id=["x"]))
    assert (caller.roles, caller.organisation) == (("admin",), "")
    assert check(token(roles="admin")).roles == ()


def test_api_key_is_refused_as_such() -> None:
    """An API key on a JWT route is 401 and says which family it is of."""
    with pytest.raises(Unauthenticated) as refused:
        check("sk-secret")
    assert refused.value.reason == "wrong-family"


@given(st.text(max_size=80))
def test_any_text_is_refused_quietly(text: str) -> None:
    """Nothing that is no token gets past or breaks anything."""
    with pytest.raises(Unauthenticated):
        check(text)
