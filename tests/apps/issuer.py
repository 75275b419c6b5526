"""Keys of a token issuer, their published form, and a server that publishes them."""

from __future__ import annotations

import base64
import json
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.apps.echo import respond, upstream

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator

    from tests.apps.echo import Seen, Upstream


@cache
def rsa_key(name: str = "1", bits: int = 2048) -> rsa.RSAPrivateKey:
    """One RSA key per name."""
    del name
    return rsa.generate_private_key(65_537, bits)


@cache
def ec_key(name: str = "1", curve: type[ec.EllipticCurve] = ec.SECP256R1) -> ec.EllipticCurvePrivateKey:
    """One elliptic key per name."""
    del name
    return ec.generate_private_key(curve())


def private_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """What signs."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def public_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    """What everybody may know."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def jwk(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, **members: Any) -> dict[str, Any]:
    """The published form (RFC 7517), with members changed or, by None, left out."""
    known: dict[str, Any]
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        known = {"kty": "RSA", "alg": "RS256", "n": _packed(numbers.n), "e": _packed(numbers.e)}
    else:
        point, size = key.public_key().public_numbers(), (key.curve.key_size + 7) // 8
        crv = {"secp256r1": "P-256", "secp384r1": "P-384"}[key.curve.name]
        known = {"kty": "EC", "alg": "ES256", "crv": crv, "x": _packed(point.x, size), "y": _packed(point.y, size)}
    merged = {"use": "sig", **known, **members}
    return {name: value for name, value in merged.items() if value is not None}


def _packed(number: int, size: int = 0) -> str:
    data = number.to_bytes(size or (number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def document(*keys: dict[str, Any]) -> bytes:
    """A key set."""
    return json.dumps({"keys": keys}).encode()


class Issuer:
    """Publishes `keys` at `url`; `status` and `body` may be set to misbehave, `asked` counts."""

    def __init__(self, server: Upstream, *keys: dict[str, Any]) -> None:
        self.server = server
        self.keys = keys
        self.status = 200
        self.body: bytes | None = None
        server.behave = self._answer

    @property
    def url(self) -> str:
        """Where the keys are."""
        return f"{self.server.address}/keys?v=1"

    @property
    def asked(self) -> int:
        """How often they were fetched."""
        return len(self.server.seen)

    async def _answer(self, _seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        body = document(*self.keys) if self.body is None else self.body
        return await respond(writer, self.status, body, [("Content-Type", "application/jwk-set+json")])


@asynccontextmanager
async def issuing(*keys: dict[str, Any]) -> AsyncIterator[Issuer]:
    """A running issuer."""
    async with upstream() as server:
        yield Issuer(server, *keys)
