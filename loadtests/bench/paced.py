"""So many requests a second, whatever the answers do: `python -m loadtests.bench.paced`, its orders on stdin.

A generator that waits for an answer before it asks again asks less of a slow peer, and so flatters it. Here each
request has its moment, and its time counts from that moment.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import uvloop

from gateway.core.errors import UnreachableError
from loadtests.bench.cores import prefer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from loadtests.bench.cores import Cores


@dataclass(frozen=True, slots=True)
class Order:
    """What to ask of which base URL, how often a second, over how many kept connections, and for how long."""

    base: str
    target: str
    tokens: Sequence[str]
    rate: float
    connections: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Paced:
    """Seconds from each request's moment to its complete answer, in order; `errors` had no answer with a 200."""

    took: Sequence[float]
    errors: int


def paced(cores: Cores, order: Order) -> Paced:
    """Carry an order out from the load's core.

    Raises:
        UnreachableError: the generator failed; the message holds its last words.
    """
    command = cores.on_load(sys.executable, "-m", "loadtests.bench.paced")
    done = subprocess.run(command, input=json.dumps(asdict(order)), capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnreachableError(f"paced load on {order.base}: {done.stderr.strip()[-400:]}")
    return Paced(**json.loads(done.stdout))


async def carry_out(order: Order) -> Paced:
    """Ask as ordered, each connection at its own share of the moments."""
    start, took = time.monotonic() + 0.1, list[float]()
    lanes = (_lane(order, number, start, took) for number in range(order.connections))
    return Paced(took, sum(await asyncio.gather(*lanes)))


async def _lane(order: Order, number: int, start: float, took: list[float]) -> int:
    parts = urlsplit(order.base)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    token = order.tokens[number % len(order.tokens)]
    head = f"GET {order.target} HTTP/1.1\r\nHost: {parts.netloc}\r\nAccept: application/json\r\n"
    asked = f"{head}User-Agent: bench\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    errors = 0
    for turn in range(max(1, int(order.rate * order.seconds / order.connections))):
        moment = start + (number + turn * order.connections) / order.rate
        await asyncio.sleep(max(0.0, moment - time.monotonic()))
        try:
            writer.write(asked)
            errors += not await _answered(reader)
        except (OSError, ValueError, asyncio.IncompleteReadError):
            writer.close()
            return errors + 1
        took.append(time.monotonic() - moment)
    writer.close()
    return errors


async def _answered(reader: asyncio.StreamReader) -> bool:
    """Read one answer to its end; whether it was a 200."""
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
    (length,) = [line for line in lines if line.startswith(b"content-length:")]
    await reader.readexactly(int(length.partition(b":")[2]))
    return status.split(b" ")[1] == b"200"


def main() -> None:
    """Entry point: an order as JSON on stdin, what came of it as JSON on stdout."""
    prefer(os.getpid())
    found = uvloop.run(carry_out(Order(**json.load(sys.stdin))))
    sys.stdout.write(json.dumps(asdict(found)))


if __name__ == "__main__":
    main()
