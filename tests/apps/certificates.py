"""Throw-away certificates."""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.core.listening import Tls

if TYPE_CHECKING:
    from pathlib import Path


DAY = dt.timedelta(days=1)


def written(
    directory: Path, name: str = "gateway", *, passphrase: bytes = b"", after: dt.timedelta = dt.timedelta()
) -> Tls:
    """A self-signed certificate of 127.0.0.1 under a common name, as two files that are written anew.

    It holds for a day, which began an hour ago, or `after` that.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC) + after
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + DAY)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    lock = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    tls = Tls(str(directory / "tls.pem"), str(directory / "tls.key"))
    (directory / "tls.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock)
    )
    (directory / "tls.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return tls


def trusting(tls: Tls, *protocols: str) -> ssl.SSLContext:
    """A client's context that trusts the certificate as it stands in the file now, and offers protocols by ALPN."""
    context = ssl.create_default_context(cafile=tls.certificate)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


def common_name(connection: ssl.SSLObject | ssl.SSLSocket) -> str:
    """The name in the certificate that the peer showed."""
    shown = connection.getpeercert(binary_form=True)
    assert shown is not None
    (found,) = x509.load_der_x509_certificate(shown).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found.value)
