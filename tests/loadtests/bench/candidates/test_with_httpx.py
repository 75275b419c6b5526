"""httpx as a candidate."""

from __future__ import annotations

from gateway.core.exchange import Request
from loadtests.bench.candidates.with_httpx import WithHttpx
from tests.apps.echo import respond, upstream


async def test_it_is_set_to_change_nothing() -> None:
    """Redirects are not followed, bodies not decoded, cookies not kept, and no header is added."""

    async def behave(_seen: object, _reader: object, writer: object) -> bool:
        headers = [("Location", "/elsewhere"), ("Content-Encoding", "gzip"), ("Set-Cookie", "a=1; Path=/")]
        return await respond(writer, 302, b"no gzip", headers)  # type: ignore[arg-type]

    async with upstream(behave) as up:
        client = WithHttpx()
        for _ in range(2):
            given = await client.send(up.address, Request("GET", "/", (("Host", "a"),)))
            assert (given.status, await given.take()) == (302, b"no gzip")
            assert await given.take() == b""
        await client.close()
    assert [seen.headers for seen in up.seen] == [[("Host", "a")]] * 2
