"""Reading a certificate and its key, with one clear line for whatever is wrong with them."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.core.errors import ConfigError

if TYPE_CHECKING:
    from gateway.core.listening import Tls


def load_pair(context: ssl.SSLContext, tls: Tls, where: str = "tls") -> None:
    """Show clients this certificate; `where` begins the error line.

    Raises:
        ConfigError: a file cannot be read, is no PEM, is locked by a passphrase, or key and certificate differ.
    """

    def no_passphrase() -> str:
        raise ConfigError(
            f"{where}: the key is locked by a passphrase; write one that is not, readable by this user only"
        )

    for path in (tls.certificate, tls.key):
        _readable(path, where)
    try:
        context.load_cert_chain(tls.certificate, tls.key, password=no_passphrase)
    except ssl.SSLError as error:
        reason = _said(error.reason) if error.reason else "it is no PEM"
        raise ConfigError(
            f"{where}: {tls.certificate} and {tls.key} cannot be used: {reason};"
            " write a PEM certificate chain and its key"
        ) from None


def check_pair(tls: Tls, where: str = "tls") -> None:
    """Read both files and forget them.

    Raises:
        ConfigError: as `load_pair`.
    """
    load_pair(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), tls, where)


def _readable(path: str, where: str) -> None:
    try:
        with Path(path).open("rb"):
            return
    except OSError as error:
        raise ConfigError(
            f"{where}: {path} cannot be read: {error.strerror}; it must be a file this user may read"
        ) from None


def _said(reason: str) -> str:
    return "the key is not the certificate's" if reason == "KEY_VALUES_MISMATCH" else reason.replace("_", " ").lower()
