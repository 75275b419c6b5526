"""A service in a process of its own that fails as it is told: `python -m tests.apps.failing_service PORT JOURNAL`.

Each line on stdin is a JSON object with `fault` and `every`, or empty; each is answered with a line that says what is
open. What arrives is appended to the journal before it is answered, so that it outlives the process.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.apps.echo import Upstream
from tests.apps.journal import Journal

if TYPE_CHECKING:
    from tests.apps.echo import Seen
    from tests.apps.journal import Fault


async def silently_closed(_seen: Seen, _reader: object, _writer: object) -> bool:
    """Drops the connection with the request."""
    return False


async def hangs(_seen: Seen, reader: asyncio.StreamReader, _writer: object) -> bool:
    """Answers nothing until the other side gives up."""
    await reader.read(1)
    return False


async def hangs_after_headers(_seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Sends a head and a piece, and then nothing."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nsome")
    await reader.read(1)
    return False


async def drips(_seen: Seen, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Sends a head byte by byte and never ends it."""
    writer.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not reader.at_eof() and not writer.is_closing():
        writer.write(b"a")
        await asyncio.sleep(0.05)
    return False


async def breaks_off(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
    """Closes in the middle of an answer, and lives on."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nsome")
    return False


async def breaks_a_stream_off(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
    """Closes in the middle of an event stream, and lives on."""
    _begin_stream(writer)
    return False


async def stops_after_headers(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
    """Sends a head and a piece, and the whole process stands still until somebody wakes it."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nsome")
    os.kill(os.getpid(), signal.SIGSTOP)
    return False


async def dies_mid_body(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
    """The process is killed in the middle of an answer."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nsome")
    os.kill(os.getpid(), signal.SIGKILL)
    return False


async def dies_mid_stream(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
    """The process is killed in the middle of an event stream."""
    _begin_stream(writer)
    os.kill(os.getpid(), signal.SIGKILL)
    return False


async def garbage(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
    """Answers what is no HTTP."""
    writer.write(b"\x16\x03\x01\x02\x00 no http at all\r\n\r\n")
    return True


async def closes_after_500(_seen: Seen, _reader: object, writer: asyncio.StreamWriter) -> bool:
    """What uvicorn does when an application raises: a 500 that promises to stay, and a closed connection."""
    writer.write(b"HTTP/1.1 500 Oops\r\nContent-Length: 2\r\n\r\nno")
    return False


def _begin_stream(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
    writer.write(b"9\r\ndata: x\n\n\r\n")


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        silently_closed,
        hangs,
        hangs_after_headers,
        drips,
        breaks_off,
        breaks_a_stream_off,
        stops_after_headers,
        dies_mid_body,
        dies_mid_stream,
        garbage,
        closes_after_500,
    )
}


async def serve(port: int, journal: Path) -> None:
    """Serve until stdin ends, which it does with whoever started this."""
    up = Upstream()
    with journal.open("ab", buffering=0) as file:
        served = Journal(up, note=lambda line: _append(file.fileno(), line))
        commands = asyncio.StreamReader()
        loop = asyncio.get_running_loop()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
        server = await asyncio.start_server(up.serve, "127.0.0.1", port, limit=1 << 20, reuse_port=True)
        _say(port=server.sockets[0].getsockname()[1])
        while line := await commands.readline():
            told = json.loads(line)
            if told:
                served.fault, served.every = FAULTS.get(told["fault"]), told["every"]
            _say(open=up.open, connections=up.connections)


def _append(file: int, line: str) -> None:
    os.write(file, f"{line}\n".encode())


def _say(**told: int) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
