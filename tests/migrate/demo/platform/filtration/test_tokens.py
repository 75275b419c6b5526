"""The platform's JWTs."""

from __future__ import annotations

import time
from datetime import datetime

import jwt
import pytest

from migrate.demo.platform.filtration.tokens import access_token, caller_of, refresh_token
from migrate.demo.platform.rows import User

SECRET = "s" * 40
USER = User("u-1", "me@x.example", "", datetime(2026, 1, 1))  # noqa: DTZ001 - the platform's times have no zone


def token(moment: float | None = None) -> str:
    """An access token issued now, or at `moment`."""
    return access_token(SECRET, USER, "member", "o-1", int(moment or time.time()))


def test_an_access_token_has_the_platform_s_claims_in_order() -> None:
    """Subject, names, times of 30 minutes, type, one role, organisation; the header is HS256 and JWT."""
    made = token(1795374742)
    assert jwt.get_unverified_header(made) == {"alg": "HS256", "typ": "JWT"}
    claims = jwt.decode(made, options={"verify_signature": False})
    assert list(claims) == ["sub", "username", "email", "exp", "iat", "type", "roles", "org_id"]
    assert (claims["exp"] - claims["iat"], claims["type"], claims["roles"]) == (1800, "access", ["member"])


def test_a_bearer_of_a_token_is_known() -> None:
    """The scheme's case does not matter."""
    caller = caller_of(SECRET, f"bEaReR {token()}")
    assert caller is not None
    assert (caller.user, caller.organisation, caller.is_admin) == ("u-1", "o-1", False)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer a b",
        f"Basic {token()}",
        "Bearer x.y.z",
        f"Bearer {token(1000)}",
        f"Bearer {access_token('t' * 40, USER, 'admin', 'o', int(time.time()))}",
        f"Bearer {refresh_token(SECRET, USER, 'o', int(time.time()))}",
        f"Bearer {jwt.encode({'sub': 'u-1'}, SECRET, 'HS256')}",
    ],
)
def test_nothing_else_holds(header: str | None) -> None:
    """Absent, malformed, expired, forged and refresh tokens name nobody."""
    assert caller_of(SECRET, header) is None
