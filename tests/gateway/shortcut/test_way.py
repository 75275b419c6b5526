"""What the requests of one shortcut count and record."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from tests.apps.repeated import PATH, dated, repeating
from tests.apps.table import settings

if TYPE_CHECKING:
    import pytest

    from tests.apps.echo import Seen

TIMES = 6


async def test_every_number_is_the_same_as_on_the_long_way() -> None:
    """Answers, bytes, histograms and the upstream counters go up by one for each request, whichever its way."""

    async def told(own: int) -> str:
        async with repeating() as play:
            for number in range(TIMES):
                await play.ask(f"{PATH}/{number if own else 0}")
            metrics = play.gate.gateway.context.metrics
            for _ in range(100):
                # What is counted is counted behind the answer.
                if metrics.value("cutover_requests_total", status="200") == TIMES:
                    break
                await asyncio.sleep(0.01)
            assert play.shortcuts == (0 if own else TIMES - 2)
            kept = [line for line in metrics.text({}).splitlines() if "shortcuts" not in line and "_sum" not in line]
            return "\n".join(line for line in kept if "_bucket" not in line or "+Inf" in line)

    assert await told(0) == await told(1)


async def test_numbers_of_each_status_stand_apart() -> None:
    """A route that answers now one, now the other counts each where it belongs."""

    async def behave(seen: Seen, reader: Any, writer: asyncio.StreamWriter) -> bool:
        if len(play.up.seen) % 2:
            return await dated(seen, reader, writer)
        writer.write(b"HTTP/1.1 404 Not Found\r\nDate: now\r\nContent-Length: 2\r\n\r\nno")
        return True

    async with repeating(behave) as play:
        statuses = [(await play.ask()).status for _ in range(TIMES)]
        metrics = play.gate.gateway.context.metrics
        assert statuses == [200, 404] * 3
        for status in (200, 404):
            assert metrics.value("cutover_requests_total", route="get", status=str(status)) == 3
            assert metrics.value("cutover_upstream_requests_total", status=str(status)) == 3


async def test_what_does_not_end_here_is_recorded_whole(capfd: pytest.CaptureFixture[str]) -> None:
    """An answer handed to the long way has the same line as one that stayed on the shorter."""

    async def behave(seen: Seen, reader: Any, writer: asyncio.StreamWriter) -> bool:
        if len(play.up.seen) < TIMES:
            return await dated(seen, reader, writer)
        writer.write(b"HTTP/1.1 200 OK\r\nDate: now\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        return True

    async with repeating(behave, own=settings(access_log=True)) as play:
        for _ in range(TIMES):
            await play.ask()
        assert play.shortcuts == TIMES - 2
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines() if line.startswith('{"at"')]
    short, handed = lines[-2:]
    assert list(short) == list(handed)
    varying = {"at", "request_id", "trace", "seconds", "upstream_seconds", "left", "bytes"}
    assert {name: short[name] for name in short.keys() - varying} == {
        name: handed[name] for name in handed.keys() - varying
    }
    assert (handed["bytes"], handed["left"], short["left"]) == (3, 994, 995)
