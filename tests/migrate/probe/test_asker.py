from __future__ import annotations

import asyncio

import pytest

from gateway.core.exchange import Failure, Request, Response
from migrate.probe.asker import Asker, SpentError, with_host
from tests.apps.echo import upstream

REQUEST = Request("GET", "/a%2Fb?x=1")


async def test_the_target_goes_out_as_it_is() -> None:
    """Nothing of it is normalised, and Host comes first."""
    async with upstream() as service:
        answer = await Asker([service.address]).ask(service.address, "r", REQUEST)
        assert isinstance(answer, Response)
        assert service.seen[0].target == "/a%2Fb?x=1"
        assert service.seen[0].headers == [("Host", service.address.removeprefix("http://"))]


async def test_only_allowed_addresses_are_asked() -> None:
    """Any other is a fault of the caller's."""
    with pytest.raises(ValueError, match="not an address of this run"):
        await Asker(["http://127.0.0.1:1"]).ask("http://127.0.0.1:2", "r", REQUEST)


async def test_a_route_is_asked_so_often_and_no_more() -> None:
    """Other routes have their own count."""
    asker = Asker(["http://127.0.0.1:1"], per_route=1)
    assert isinstance(await asker.ask("http://127.0.0.1:1", "a", REQUEST), Failure)
    with pytest.raises(SpentError, match="1 requests"):
        await asker.ask("http://127.0.0.1:1", "a", REQUEST)
    await asker.ask("http://127.0.0.1:1", "b", REQUEST)
    assert asker.requests == 2


@pytest.mark.parametrize(("headers", "asked", "status"), [((), 2, 200), ((("Cutover-Copy", "x"),), 1, 429)])
async def test_a_limit_is_waited_for(headers: tuple[tuple[str, str], ...], asked: int, status: int) -> None:
    """Probes use up the limit of those who fail: a 429 is asked again after Retry-After, no mark twice."""
    told = iter([b"429 Too Many Requests\r\nRetry-After: 1", b"200 OK"])
    came: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 " + next(told) + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        found = await Asker([url]).ask(url, "r", Request("GET", "/", headers))
    assert isinstance(found, Response)
    assert (found.status, len(came)) == (status, asked)


async def test_time_runs_out() -> None:
    """After the total nothing is asked any more."""
    times = iter([0.0, 121.0])
    asker = Asker(["http://127.0.0.1:1"], total=120, clock=lambda: next(times))
    with pytest.raises(SpentError, match="no time"):
        await asker.ask("http://127.0.0.1:1", "a", REQUEST)


def test_a_host_of_its_own_is_kept() -> None:
    """A probe may ask with another."""
    request = Request("GET", "/", (("host", "x"),))
    assert with_host("http://127.0.0.1:1", request) is request
