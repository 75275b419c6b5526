"""Whose key it is where nobody is turned away: on the legacy path, and transparently on the gateway's.

As a served call would say it, and no replay for a credential that nobody checked.
"""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING, Any

import jwt

from gateway.core.credentials import ANY_TYPE
from gateway.core.exchange import header
from gateway.core.routes import Access, Authorization
from gateway.idempotency.identity import Claimant, bearer, user

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.core.exchange import Headers
    from gateway.core.policy import Policy
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from gateway.idempotency.keys import Keys

_UNCHECKED: Any = {"verify_signature": False}
_SIGNATURE_ONLY: Any = {
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
}


def claimant(
    keys: Keys, table: RouteTable, route: Route, headers: Headers, client: str, *, secrets: Sequence[str], now: float
) -> Claimant | None:
    """Who asks, or None for a token that the service itself refuses: nothing can be done twice with it.

    Any of the `secrets` may have signed an HMAC token; this process may have none. A token that cannot be checked
    names its user all the same, so that a flip does not let that user write twice; it gets no answer that another
    one got.
    """
    holder = bearer(keys, headers, client)
    token = _token(headers)
    if route.access is not Access.JWT or not token:
        return holder
    claims, checked = _claims(token, table.policy, secrets)
    subject, organisation = claims.get("sub"), claims.get("org_id")
    if not _plain(subject):
        return holder
    valid = _valid(claims, table.policy, now)
    if not valid and table.services[route.service].authorization is Authorization.FORWARD:
        return None
    named = organisation if _plain(organisation) else ""
    return user(keys, headers, str(subject), str(named), verified=checked and valid)


def _token(headers: Headers) -> str:
    words = (header(headers, "authorization") or "").split()
    return words[1] if len(words) == 2 and words[0].lower() == "bearer" else ""  # noqa: PLR2004 - scheme, credential


def _claims(token: str, policy: Policy, secrets: Sequence[str]) -> tuple[dict[str, Any], bool]:
    """Claims and whether the signature was checked; no claims when it is false or of a kind nobody accepts."""
    try:
        algorithm = jwt.get_unverified_header(token).get("alg")
        if algorithm not in policy.algorithms:
            return {}, False
        if secrets and algorithm.startswith("HS"):
            return _signed(token, algorithm, secrets), True
        return jwt.decode(token, options=_UNCHECKED), False
    except (jwt.PyJWTError, ValueError, RecursionError):
        return {}, False


def _signed(token: str, algorithm: str, secrets: Sequence[str]) -> dict[str, Any]:
    *others, last = secrets
    for secret in others:
        with contextlib.suppress(jwt.InvalidSignatureError):
            return jwt.decode(token, secret, algorithms=[algorithm], options=_SIGNATURE_ONLY)
    return jwt.decode(token, last, algorithms=[algorithm], options=_SIGNATURE_ONLY)


def _valid(claims: dict[str, Any], policy: Policy, now: float) -> bool:
    tokens = policy.credentials.tokens
    ends, begins = _number(claims.get("exp")), _number(claims.get("nbf", 0))
    in_time = ends > now - tokens.leeway and begins <= now + tokens.leeway
    given = claims.get("aud")
    audiences = set(given) if isinstance(given, list) else {given}
    ours = not tokens.audiences or not audiences.isdisjoint(tokens.audiences)
    return (
        in_time
        and ours
        and tokens.issuer in {"", claims.get("iss")}
        and tokens.type in {ANY_TYPE, claims.get("type")}
    )


def _plain(value: Any) -> bool:
    return isinstance(value, str) and bool(value) and value.isascii() and value.isprintable()


def _number(value: Any) -> float:
    # NaN is neither before nor after now.
    return value if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
