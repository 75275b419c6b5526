"""TLS: one certificate that can be exchanged while connections are open, and what is agreed on with clients."""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.config.certificate import load_pair
from gateway.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.core.listening import Tls

H2 = "h2"
PROTOCOLS = [H2, "http/1.1"]
"""What ALPN offers (RFC 7301), the better one first."""
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"
"""For TLS 1.2: forward secrecy and no suite that HTTP/2 forbids (RFC 9113 §9.2.2)."""
LOOKS = 2.0
"""Seconds between two looks at the files."""


class Certificate:
    """The certificate that new connections are shown. `context` stays the same object for the listener's life.

    `admits` is asked before each handshake; who is not admitted is hung up on before it has cost anything.
    """

    def __init__(self, tls: Tls) -> None:
        """Load the pair.

        Raises:
            ConfigError: a file cannot be read, is no PEM, is locked by a passphrase, or key and certificate differ.
        """
        self._tls = tls
        self._current = self.context = _context(tls)
        # OpenSSL asks here during each handshake, so that those under way and connections open are left alone.
        self.context.sni_callback = self._show
        self._seen = self._looked = _state(tls)

    @property
    def headers(self) -> tuple[bytes, ...]:
        """Header lines that answers over TLS carry."""
        seconds = self._tls.hsts
        return (b"strict-transport-security: max-age=%d\r\n" % seconds,) if seconds else ()

    @property
    def admits(self) -> Callable[[], bool]:
        """Whether there is room for one more handshake."""
        return self.context.admits

    @admits.setter
    def admits(self, admits: Callable[[], bool]) -> None:
        self.context.admits = admits

    def reload(self) -> None:
        """Show new connections what the files hold now.

        Raises:
            ConfigError: as for the start; the old pair is shown on.
        """
        self._seen = self._looked = _state(self._tls)
        self._current = _context(self._tls)

    def renew(self) -> None:
        """`reload`, which says in one line what became of it and never raises."""
        try:
            self.reload()
        except ConfigError as error:
            sys.stderr.write(f"{error}\ngateway: certificate refused; the former one is shown on\n")
            sys.stderr.flush()
        else:
            sys.stdout.write(f"gateway: certificate loaded: {self._tls.certificate}\n")
            sys.stdout.flush()

    async def follow(self) -> None:
        """`renew` whenever the files are others than those last loaded. Ends by being cancelled."""
        while True:
            await asyncio.sleep(LOOKS)
            state = _state(self._tls)
            # Two files are seldom replaced in one moment: only what rests is read.
            if state != self._seen and state == self._looked:
                self.renew()
            self._looked = state

    def _show(self, connection: ssl.SSLObject, _name: str | None, _context: ssl.SSLContext) -> None:
        if self._current is not self.context:
            connection.context = self._current


class _Context(ssl.SSLContext):
    admits: Callable[[], bool] = staticmethod(lambda: True)

    def wrap_bio(self, *arguments: Any, **options: Any) -> ssl.SSLObject:
        """The event loop calls this when a connection has been accepted, and closes it when this fails."""
        if not self.admits():
            raise ConnectionAbortedError
        return super().wrap_bio(*arguments, **options)


def _context(tls: Tls) -> _Context:
    context = _Context(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers(_CIPHERS)
    context.set_alpn_protocols(PROTOCOLS)
    load_pair(context, tls)
    return context


def _state(tls: Tls) -> tuple[tuple[int, int, int] | None, ...]:
    return tuple(_stamp(path) for path in (tls.certificate, tls.key))


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
