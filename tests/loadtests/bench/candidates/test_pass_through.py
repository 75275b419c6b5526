"""The pass-through that candidates are measured in."""

from __future__ import annotations

import httpx

from loadtests.bench.candidates.own import Own
from loadtests.bench.candidates.pass_through import PassThrough
from tests.apps.echo import upstream


async def test_requests_and_answers_pass() -> None:
    """Target and headers reach the upstream, its answer comes back; connections are kept."""
    async with upstream() as up:
        app = PassThrough(Own, up.address)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gw") as client:
            for _ in range(2):
                answer = await client.get("/a%2Fb?c=d", headers={"X-One": "1"})
                assert answer.status_code == 200
    assert [(seen.target, seen.values("x-one")) for seen in up.seen] == [("/a%2Fb?c=d", ["1"])] * 2
    assert up.connections == 1
