"""Who receives a new TLS connection: what its handshake agreed on (RFC 7301)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from gateway.listen.http1 import Http1
from gateway.listen.http2 import Http2
from gateway.listen.tls import H2

if TYPE_CHECKING:
    from gateway.listen.reception import Reception


class Door(asyncio.Protocol):
    """Stands for the protocol until the handshake is complete."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._reception.arriving.discard(self)
        agreed = transport.get_extra_info("ssl_object").selected_alpn_protocol()
        protocol = Http2(self._reception) if agreed == H2 else Http1(self._reception)
        cast("asyncio.Transport", transport).set_protocol(protocol)
        protocol.connection_made(transport)
