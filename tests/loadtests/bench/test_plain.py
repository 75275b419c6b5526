from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from loadtests.bench.plain import UPSTREAM, app
from tests.apps.echo import upstream

if TYPE_CHECKING:
    import pytest


async def test_everything_passes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Method, path, query, headers and body reach the upstream, and its answer comes back."""
    async with upstream() as service:
        monkeypatch.setenv(UPSTREAM, service.address)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://plain") as client,
        ):
            answer = await client.post("/a/b?c=d", content=b"body", headers={"X-One": "1"})
    assert answer.status_code == 200
    (seen,) = service.seen
    assert (seen.method, seen.target, seen.body) == ("POST", "/a/b?c=d", b"body")
    assert seen.values("x-one") == ["1"]
