"""Whether a key signed what a recording's callers carried: with another, every answer would differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jwt

from gateway.core.exchange import header

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jwt.types import Options

    from gateway.core.exchange import Request

_ALGORITHM = "HS256"
_SIGNATURE_ALONE: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}


def signed_by_another(requests: Iterable[Request], key: str) -> int:
    """How many HS256 tokens the requests carry, where this key signed none of them; 0 where it signed one."""
    tokens = {token for token in map(_token, requests) if _is_symmetric(token)}
    return 0 if any(_verifies(token, key) for token in tokens) else len(tokens)


def _token(request: Request) -> str:
    scheme, _, token = (header(request.headers, "authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _is_symmetric(token: str) -> bool:
    try:
        return bool(jwt.get_unverified_header(token).get("alg") == _ALGORITHM)
    except jwt.InvalidTokenError:
        return False


def _verifies(token: str, key: str) -> bool:
    try:
        jwt.decode(token, key, algorithms=[_ALGORITHM], options=_SIGNATURE_ALONE)
    except jwt.InvalidTokenError:
        return False
    return True
