from __future__ import annotations

import contextlib
import ssl
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from shadow.sealed import writing
from tests.apps.certificates import trusting, written

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Memory:
    """A server's side of a TLS connection over memory, spoken to like mitmproxy's."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.arrived, self.leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.side = context.wrap_bio(self.arrived, self.leaving, server_side=True)

    def sendall(self, buf: bytes, /) -> object:
        """Encrypt."""
        return self.side.write(buf)

    def bio_read(self, bufsiz: int, /) -> bytes:
        """What is to go over the wire."""
        return self.leaving.read(bufsiz)


def test_a_client_over_tls_reads_what_was_written(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Whatever is written goes out encrypted at once and whole, whatever its size, an empty piece too."""
    folder: Path = tmp_path_factory.mktemp("tls")
    pair = written(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    server = Memory(context)
    arrived, leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting(pair).wrap_bio(arrived, leaving, server_hostname="127.0.0.1")
    for _ in range(3):
        for side, into, out in ((client, server.arrived, leaving), (server.side, arrived, server.leaving)):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
            into.write(out.read())

    @given(st.lists(st.integers(0, 200_000), max_size=4))
    def check(sizes: list[int]) -> None:
        wire: list[bytes] = []
        write = writing(wire.append, server)
        sent = b"".join(b"%d" % (size % 10) * size for size in sizes)
        for size in sizes:
            write(b"%d" % (size % 10) * size)
        assert server.leaving.pending == 0
        arrived.write(b"".join(wire))
        read = b""
        while len(read) < len(sent):
            read += client.read(300_000)
        assert read == sent

    check()


def test_in_clear_nothing_stands_between() -> None:
    """Without TLS it is the writer itself."""
    wire: list[bytes] = []
    writing(wire.append, None)(b"plain")
    assert wire == [b"plain"]
