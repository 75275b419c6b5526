"""Who receives a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.listen.tls import Certificate
from tests.apps.certificates import trusting, written
from tests.apps.h2client import h2_client
from tests.apps.listening import echo, listening

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("offered", "agreed"), [(("h2", "http/1.1"), "h2"), (("http/1.1",), "http/1.1"), (("spdy/3",), None), ((), None)]
)
async def test_handshake_decides(tmp_path: Path, offered: tuple[str, ...], agreed: str | None) -> None:
    """A client gets the best protocol it offers, and HTTP/1.1 when it offers none that is known."""
    tls = written(tmp_path)
    async with (
        listening(echo, certificate=Certificate(tls)) as on,
        h2_client(on.port, trusting(tls, *offered)) as client,
    ):
        assert client.writer.get_extra_info("ssl_object").selected_alpn_protocol() == agreed
        if agreed == "h2":
            assert (await client.answer(client.ask())).body == b"/a"
        else:
            # To HTTP/1.1 the preface of HTTP/2 is no request.
            assert (await client.reader.read()).startswith(b"HTTP/1.1 400 ")
