"""Tokens made by hand, right and wrong ones, as an attacker would make them. Pure but for the random key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SUBJECT = "cutover-probe"
LIFETIME = 600
_HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def claims(now: float, organisation: str, **changes: Any) -> dict[str, Any]:
    """Claims of an access token of the probe's own user."""
    standard = {
        "sub": SUBJECT,
        "org_id": organisation,
        "roles": ["member"],
        "type": "access",
        "iat": int(now),
        "exp": int(now) + LIFETIME,
    }
    return {**standard, **changes}


def signed(key: str, content: Mapping[str, Any], algorithm: str = "HS256", *, named: str = "") -> str:
    """A token signed with an HMAC algorithm; `named` is what its header claims instead."""
    text = _unsigned(named or algorithm, content)
    digest = hmac.new(key.encode(), text.encode(), _HASHES[algorithm]).digest()
    return f"{text}.{_encode(digest)}"


def forged(
    now: float, organisation: str, *, genuine: str = "", secret: str = "", algorithms: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """Tokens that must not hold, each with its name; a genuine token or the secret allow for more of them."""
    content = claims(now, organisation)
    stranger = secrets.token_hex(32)
    made = [
        ("signed with another key", signed(stranger, content)),
        ("alg none", _unsigned("none", content) + "."),
        ("alg NoNe", _unsigned("NoNe", content) + "."),
        ("signed with an empty key", signed("", content)),
        ("alg RS256 over an HMAC", signed(stranger, content, named="RS256")),
    ]
    if genuine.count(".") == 2:  # noqa: PLR2004 - header, payload, signature
        head, _, signature = genuine.split(".")
        other = _encode(_json({**content, "roles": ["admin"]}))
        made.append(("claims changed under a genuine signature", f"{head}.{other}.{signature}"))
    if secret:
        foreign = next((name for name in _HASHES if name not in algorithms), None)
        if foreign:
            made.append((f"genuine but {foreign}", signed(secret, content, foreign)))
    return made


def _unsigned(algorithm: str, content: Mapping[str, Any]) -> str:
    return f"{_encode(_json({'alg': algorithm, 'typ': 'JWT'}))}.{_encode(_json(content))}"


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
