"""A JSON web token as its claims (RFC 7519); the signature is not verified."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any


def claims(token: Any) -> dict[str, Any] | None:
    """Header and claims with the lifetime in the place of the times, which differ between any two tokens.

    None for what is no token with `exp` and `iat`.
    """
    try:
        head, body, _ = str(token).split(".")
        found = {"header": json.loads(_decoded(head)), **json.loads(_decoded(body))}
        found["lifetime"] = found.pop("exp") - found.pop("iat")
        found.pop("nbf", None)
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error):
        return None
    return found


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
