"""Writing to a client past the proxy's layers: encrypted where its connection is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

_OVERHEAD = 65_536
"""More than the records of one call add: 40 bytes for each 16 KiB."""


class Tls(Protocol):
    """An OpenSSL connection over memory: what is sent into it is read from it encrypted."""

    def sendall(self, buf: bytes, /) -> object:
        """Encrypt."""

    def bio_read(self, bufsiz: int, /) -> bytes:
        """What is to go over the wire."""


def writing(write: Callable[[bytes], None], tls: Tls | None) -> Callable[[bytes], None]:
    """`write` itself, or what encrypts first. Both belong to the event loop's thread, where no other writer is."""
    if tls is None:
        return write

    def sealed(data: bytes) -> None:
        if data:
            tls.sendall(data)
            write(tls.bio_read(2 * len(data) + _OVERHEAD))

    return sealed
