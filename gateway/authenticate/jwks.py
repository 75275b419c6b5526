"""A key set document (RFC 7517): what of it may verify tokens. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from jwt.exceptions import PyJWTError

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCUMENT_LIMIT = 1 << 18
MOST_KEYS = 64
SHORTEST_RSA = 2048
"""Bits (RFC 7518 §3.3)."""

PublicKey = RSAPublicKey | EllipticCurvePublicKey


@dataclass(frozen=True)
class KeySet:
    """Keys by algorithm and id. `material` tells whether a key of one set is still in another."""

    keys: Mapping[tuple[str, str], PublicKey]
    material: frozenset[str] = field(repr=False)

    def find(self, algorithm: str, kid: str | None) -> PublicKey | None:
        """The key a token names; without a name the only one there is for its algorithm."""
        if kid is not None:
            return self.keys.get((algorithm, kid))
        fitting = [key for (known, _), key in self.keys.items() if known == algorithm]
        return fitting[0] if len(fitting) == 1 else None


def read_key_set(document: bytes) -> KeySet:
    """The keys of a document that may verify signatures; the others are left out.

    Left out are symmetric and private keys, RSA below 2048 bits, other curves than P-256, keys for another use or
    algorithm, and ids that two keys share.

    Raises:
        ValueError: it is no key set, too long, or holds no key that can be used.
    """
    if len(document) > DOCUMENT_LIMIT:
        raise ValueError("the key set is longer than 256 KiB")
    try:
        top = json.loads(document)
    except RecursionError:
        raise ValueError("the key set is nested too deeply") from None
    entries = top.get("keys") if isinstance(top, dict) else None
    if not isinstance(entries, list) or len(entries) > MOST_KEYS:
        raise ValueError("the document is no key set, or holds more than 64 keys")
    keys: dict[tuple[str, str], PublicKey] = {}
    material, doubled = set(), set()
    for entry in entries:
        found = _usable(entry)
        if found is None:
            continue
        name = (found[0], entry.get("kid", ""))
        doubled |= {name} if name in keys else set()
        keys[name] = found[1]
        material.add(json.dumps([entry.get(member) for member in ("kid", "n", "e", "x", "y")]))
    for name in doubled:
        # Which of the two is meant nobody can say.
        del keys[name]
    if not keys:
        raise ValueError("the key set holds no key that can be used")
    return KeySet(keys, frozenset(material))


def _usable(entry: Any) -> tuple[str, PublicKey] | None:
    if not isinstance(entry, dict) or "d" in entry or not isinstance(entry.get("kid", ""), str):
        return None
    operations = entry.get("key_ops", ["verify"])
    if entry.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return None
    algorithm = {"RSA": "RS256", "EC": "ES256"}.get(str(entry.get("kty")))
    if algorithm is None or entry.get("alg", algorithm) != algorithm:
        return None
    key = _public_key(algorithm, entry)
    return None if key is None else (algorithm, key)


def _public_key(algorithm: str, entry: dict[str, Any]) -> PublicKey | None:
    try:
        if algorithm == "RS256":
            rsa = RSAAlgorithm.from_jwk(entry)
            return rsa if isinstance(rsa, RSAPublicKey) and rsa.key_size >= SHORTEST_RSA else None
        curve = ECAlgorithm.from_jwk(entry)
    except (PyJWTError, ValueError, TypeError, KeyError, AttributeError):
        return None
    return curve if isinstance(curve, EllipticCurvePublicKey) and curve.curve.name == "secp256r1" else None
