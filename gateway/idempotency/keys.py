"""Keyed digests and sealing, all from one key file: what stands in the ledger can be compared but not read."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

if TYPE_CHECKING:
    from gateway.core.exchange import Headers

_NONCE = 12


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer in the service's own terms; `body` is None where it was not kept."""

    status: int
    headers: Headers
    body: bytes | None


class Digest:
    """A keyed digest that grows with what passes."""

    def __init__(self, key: bytes) -> None:
        self._mac = hmac.new(key, digestmod=hashlib.sha256)

    def add(self, piece: bytes) -> None:
        """One more piece."""
        self._mac.update(piece)

    @property
    def text(self) -> str:
        """The digest of all pieces so far, in hex."""
        return self._mac.hexdigest()


class Keys:
    """Independent keys derived from the content of the key file (HKDF, RFC 5869)."""

    def __init__(self, secret: bytes) -> None:
        self._digests = _derived(secret, b"digests")
        self._cipher = AESGCM(_derived(secret, b"answers"))

    def digest(self, purpose: str, *parts: str) -> str:
        """A digest of texts, unlike any of another purpose."""
        mac = Digest(self._digests)
        mac.add(json.dumps([purpose, *parts]).encode())
        return mac.text

    def body(self) -> Digest:
        """The digest of a body, to be fed."""
        mac = Digest(self._digests)
        mac.add(b"body\0")
        return mac

    @property
    def name(self) -> str:
        """What tells this key from another without showing it."""
        return self.digest("name")

    def seal(self, slot: str, answer: Kept) -> bytes:
        """The answer, encrypted and bound to its slot (AES-256-GCM)."""
        head = {"status": answer.status, "headers": answer.headers, "kept": answer.body is not None}
        nonce = secrets.token_bytes(_NONCE)
        plain = json.dumps(head).encode() + b"\n" + (answer.body or b"")
        return nonce + self._cipher.encrypt(nonce, plain, slot.encode())

    def open(self, slot: str, sealed: bytes) -> Kept | None:
        """The answer, or None when it was sealed with another key or for another slot."""
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], slot.encode())
        except (InvalidTag, ValueError):
            return None
        head, _, body = plain.partition(b"\n")
        found = json.loads(head)
        headers = tuple((name, value) for name, value in found["headers"])
        return Kept(found["status"], headers, body if found["kept"] else None)


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"cutover idempotency " + purpose).derive(secret)
