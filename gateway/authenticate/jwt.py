"""JSON Web Tokens: signature, expiry, issuer, audience and type; claims trusted until expiry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jwt

from gateway.authenticate.bearer import bearer, invalid
from gateway.authenticate.identity import SECRET_BYTES
from gateway.caller import Caller
from gateway.core.credentials import ANY_TYPE

if TYPE_CHECKING:
    from gateway.authenticate.identity import Identity
    from gateway.authenticate.jwks import PublicKey
    from gateway.core.credentials import Tokens
    from gateway.core.policy import Policy
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from gateway.settings import Settings

PUBLISHED = frozenset({"RS256", "ES256"})
LONGEST = 16_384
# The clock is the settings' own, so the library checks no time (a closed replay turns the clock back).
_OPTIONS: Any = {
    "require": ["exp"],
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
}


async def json_web_token(
    identity: Identity, table: RouteTable, _route: Route, value: str | None, *, wait: bool = True
) -> Caller:
    """The user an access token names.

    Raises:
        Unauthenticated: absent, malformed, forged, expired, not yet valid, or not meant for here.
        Unavailable: the issuer's keys are not known now.
    """
    policy = table.policy
    remembered = identity.tokens(policy)
    digest = remembered.digest(value or "")
    known = remembered.get(digest)
    if known is not None:
        return known
    generation = remembered.generation
    credential = bearer(value)
    if credential.startswith(policy.api_key_prefix):
        raise invalid("An API key is not accepted here", "wrong-family")
    claims, good_for = await _verified(identity, policy, credential, wait=wait)
    now = identity.settings.clock()
    _check(claims, policy.credentials.tokens, now)
    caller = _caller(claims)
    left = claims["exp"] + policy.credentials.tokens.leeway - now
    remembered.put(digest, caller, min(left, good_for), now=now, generation=generation)
    return caller


async def _verified(
    identity: Identity, policy: Policy, credential: str, *, wait: bool
) -> tuple[dict[str, Any], float]:
    """The claims, and for how many seconds the key that verified them is good."""
    algorithm, kid = _header(credential)
    jwks = policy.credentials.jwks
    if algorithm in SECRET_BYTES and algorithm in policy.algorithms:
        for secret in _secrets(identity.settings, SECRET_BYTES[algorithm]):
            claims = _decode(credential, secret, algorithm)
            if claims is not None:
                return claims, float("inf")
    elif algorithm in PUBLISHED and algorithm in policy.algorithms and jwks is not None:
        key = await identity.published.key(jwks, algorithm, kid, wait=wait)
        claims = None if key is None else _decode(credential, key, algorithm)
        if claims is not None:
            return claims, identity.published.good_for(jwks)
    raise invalid("Invalid token", "invalid")


def _header(credential: str) -> tuple[str, str | None]:
    """Algorithm and key id; what else a token says of its own key is not looked at."""
    try:
        found = jwt.get_unverified_header(credential) if len(credential) <= LONGEST else {}
    except (jwt.PyJWTError, ValueError, RecursionError):
        found = {}
    algorithm, kid = found.get("alg"), found.get("kid")
    # RFC 7515 §4.1.11: nothing that a token declares critical is understood here.
    if not isinstance(algorithm, str) or "crit" in found or "b64" in found or not isinstance(kid, str | None):
        raise invalid("Invalid token", "invalid")
    return algorithm, kid


def _secrets(settings: Settings, shortest: int) -> list[str]:
    return [secret for secret in settings.jwt_secrets if len(secret.encode()) >= shortest]


def _decode(credential: str, key: str | PublicKey, algorithm: str) -> dict[str, Any] | None:
    try:
        claims: dict[str, Any] = jwt.decode(credential, key, algorithms=[algorithm], options=_OPTIONS)
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
    return claims


def _check(claims: dict[str, Any], tokens: Tokens, now: float) -> None:
    if not _number(claims["exp"]) or not claims["exp"] + tokens.leeway > now:  # NaN is not after now
        raise invalid("Token has expired", "expired")
    if "nbf" in claims and (not _number(claims["nbf"]) or not claims["nbf"] - tokens.leeway <= now):
        raise invalid("Token is not yet valid", "not-yet-valid")
    if tokens.issuer and claims.get("iss") != tokens.issuer:
        raise invalid("The token is of another issuer", "wrong-issuer")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if tokens.audiences and not any(name in tokens.audiences for name in named):
        raise invalid("The token is for another audience", "wrong-audience")
    if tokens.type not in (ANY_TYPE, claims.get("type")):
        raise invalid(f"An {tokens.type} token is required", "wrong-type")


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
