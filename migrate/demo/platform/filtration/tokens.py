"""The platform's JWTs: HS256, no jti, no issuer, no audience."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jwt

if TYPE_CHECKING:
    from migrate.demo.platform.rows import User

ACCESS_SECONDS = 1800
REFRESH_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Caller:
    """Who an access token says is calling; its role is trusted until it expires."""

    user: str
    email: str
    roles: list[str]
    organisation: str | None

    @property
    def is_admin(self) -> bool:
        """Whether the token carries the admin role."""
        return "admin" in self.roles


def access_token(secret: str, user: User, role: str, organisation: str, moment: int) -> str:
    """An access token; `moment` is seconds since the epoch."""
    claims: dict[str, Any] = {"sub": user.id, "username": user.email, "email": user.email}
    claims |= {"exp": moment + ACCESS_SECONDS, "iat": moment, "type": "access"}
    return jwt.encode(claims | {"roles": [role], "org_id": organisation}, secret, "HS256")


def refresh_token(secret: str, user: User, organisation: str, moment: int) -> str:
    """A refresh token; nothing accepts it."""
    claims = {"sub": user.id, "exp": moment + REFRESH_SECONDS, "iat": moment, "type": "refresh"}
    return jwt.encode(claims | {"org_id": organisation}, secret, "HS256")


def caller_of(secret: str, authorization: str | None) -> Caller | None:
    """The caller named by an Authorization header: two words, `bearer` in any case; None when it does not hold."""
    words = (authorization or "").split()
    if len(words) != 2 or words[0].lower() != "bearer":  # noqa: PLR2004 - scheme and credential
        return None
    try:
        claims = jwt.decode(words[1], secret, ["HS256"], options={"require": ["sub", "exp"]})
    except jwt.InvalidTokenError:
        return None
    if claims.get("type") != "access":
        return None
    return Caller(claims["sub"], claims.get("email", ""), claims.get("roles", []), claims.get("org_id"))
