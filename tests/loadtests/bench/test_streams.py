from __future__ import annotations

import asyncio
import io
import json
import sys
from typing import TYPE_CHECKING

from loadtests.bench import streams
from loadtests.bench.streams import Seen, Source, hold

if TYPE_CHECKING:
    import pytest


async def test_streams_beyond_the_first_are_measured() -> None:
    """Ten streams are held while five more are opened, of which each one's first byte is timed."""
    server = await asyncio.get_running_loop().create_server(Source, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    seen = await hold(f"http://127.0.0.1:{port}/stream", ["token"], streams=10, opened=5, pace=200)
    server.close()
    assert len(seen.first) == 5
    assert seen.failed == 0
    # How many later events are seen before all are open depends on how busy the machine is.
    assert seen.delays
    assert all(0 <= delay < 5 for delay in [*seen.first, *seen.delays])


async def test_a_refusal_is_a_failure() -> None:
    """A stream that is not answered with 200 counts as failed and has no time."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    seen = await hold(f"http://127.0.0.1:{port}/stream", ["token"], streams=0, opened=2, pace=200)
    server.close()
    assert seen.first == []
    assert seen.failed >= 2


def test_the_command_prints_what_was_seen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The holding process reads its order from stdin and answers in JSON."""

    async def held(**order: int) -> Seen:
        assert order == {"streams": 2}
        return Seen([0.5], [0.25], 1)

    monkeypatch.setattr(streams, "hold", held)
    monkeypatch.setattr(sys, "stdin", io.StringIO('{"streams": 2}'))
    streams.main(["hold"])
    assert json.loads(capsys.readouterr().out) == {"first": [0.5], "delays": [0.25], "failed": 1}
