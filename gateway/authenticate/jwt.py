"""JSON Web Tokens of the platform: HMAC signature, expiry and type checked; claims trusted until expiry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt

from gateway.authenticate.bearer import bearer, invalid
from gateway.caller import Caller

if TYPE_CHECKING:
    from gateway.core.policy import Policy
    from gateway.settings import Settings

HMAC = frozenset({"HS256", "HS384", "HS512"})
# The clock is the settings' own, so the library checks no time (a closed replay turns the clock back).
_OPTIONS: Any = {
    "require": ["exp"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
}


def json_web_token(value: str | None, policy: Policy, settings: Settings) -> Caller:
    """The user an access token names.

    Raises:
        Unauthenticated: absent, malformed, forged, expired, not yet valid, or no access token.
    """
    credential = bearer(value)
    if credential.startswith(policy.api_key_prefix):
        raise invalid("An API key is not accepted here", "wrong-family")
    claims = _decode(credential, policy, settings)
    now = settings.clock()
    if not _number(claims["exp"]) or not claims["exp"] > now:  # NaN is not after now
        raise invalid("Token has expired", "expired")
    if "nbf" in claims and (not _number(claims["nbf"]) or claims["nbf"] > now):
        raise invalid("Token is not yet valid", "not-yet-valid")
    if claims.get("type") != "access":
        raise invalid("An access token is required", "wrong-type")
    return _caller(claims)


def _decode(credential: str, policy: Policy, settings: Settings) -> dict[str, Any]:
    algorithms = [name for name in policy.algorithms if name in HMAC]
    try:
        claims: dict[str, Any] = jwt.decode(credential, settings.jwt_secret, algorithms=algorithms, options=_OPTIONS)
    except (jwt.PyJWTError, ValueError, RecursionError):
        raise invalid("Invalid token", "invalid") from None
    return claims


def _caller(claims: dict[str, Any]) -> Caller:
    subject, organisation, roles = claims.get("sub"), claims.get("org_id"), claims.get("roles")
    if not isinstance(subject, str) or not _plain(subject):
        raise invalid("Invalid token", "invalid")
    named = [role for role in roles if isinstance(role, str) and _plain(role)] if isinstance(roles, list) else []
    known = organisation if isinstance(organisation, str) and _plain(organisation) else ""
    return Caller("jwt", subject, known, tuple(named))


def _plain(text: str) -> bool:
    # Claims become header values towards the service.
    return bool(text) and text.isascii() and text.isprintable()


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
