from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from gateway.config import problems
from gateway.core.observation import Verdict
from gateway.core.routes import Stage
from tests.apps.nginx import nginx
from tests.apps.oddities import Oddities
from tests.apps.shadowed import ROUTES, free_port, shadowed, write_table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.proof

ASK = "  - {id: ask, service: svc, legacy: POST /ask, gateway: POST /api/v1/ask, effect: metered, access: public}\n"


def mirroring(port: int) -> str:
    """The shadow's section with a gateway that is not ours."""
    return f"second: 0, slow: off, load: 300%, candidate: http://127.0.0.1:{port}"


async def test_nginx_is_compared_by_its_reads(tmp_path: Path) -> None:
    """Reads are copied without a mark, and what nginx answers wrong is found; writes are counted, and made once."""
    port = free_port()
    wrong = "location /api/v1/empty { return 200; }"
    async with Oddities() as legacy:
        with nginx(tmp_path / "nginx", port, legacy.address, wrong):
            async with (
                shadowed(tmp_path, legacy.address, routes=ROUTES + ASK, mirroring=mirroring(port)) as rig,
                httpx.AsyncClient(base_url=rig.url) as client,
            ):
                for route in ("items.get", "items.create", "ask", "empty"):
                    rig.promote(route, Stage.SHADOW)
                assert (await client.get("/items/1?x=1&x=2")).status_code == 200
                assert (await client.post("/items", json={"a": 1})).status_code == 201
                assert (await client.post("/ask", json={"a": 1})).status_code == 201
                assert (await client.get("/empty")).status_code == 204
                assert await rig.settled(4) == {
                    ("items.get", "compared", ""): 1,
                    ("items.create", "unmirrored", "write"): 1,
                    ("ask", "unmirrored", "metered"): 1,
                    ("empty", "compared", ""): 1,
                }
                await rig.until(lambda: len(rig.observations()) == 2, rig.observations)
                seen = {one.route: one for one in rig.observations()}
        assert legacy.writes == {"POST /items": 1, "POST /ask": 1}
        assert not [name for head in legacy.heads for name, _ in head[2] if name.lower().startswith("cutover")]
        assert not [one for one in seen["items.get"].differences if not one.by]
        assert seen["empty"].verdict is Verdict.MISMATCH
        assert "status" in {one.location for one in seen["empty"].differences}
        assert all("not compared: the request upstream" in one.note for one in seen.values())


async def test_a_gateway_that_leads_back_makes_no_loop(tmp_path: Path) -> None:
    """Where the other gateway leads back to the shadow, a copy is served there, and copied no more."""
    port, listen = free_port(), free_port()
    async with Oddities() as legacy:
        with nginx(tmp_path / "nginx", port, f"127.0.0.1:{listen}"):
            async with (
                shadowed(tmp_path, legacy.address, listen=listen, mirroring=mirroring(port)) as rig,
                httpx.AsyncClient(base_url=rig.url) as client,
            ):
                rig.promote("items.get", Stage.SHADOW)
                assert (await client.get("/items/1")).status_code == 200
                await rig.until(lambda: ("items.get", "compared", "") in rig.buckets(), rig.buckets)
                assert rig.buckets() == {("items.get", "compared", ""): 1, ("items.get", "off", "loop"): 1}
        assert legacy.deliveries == {"GET /items/1": 2}


async def test_a_gateway_that_is_not_ours_can_serve(tmp_path: Path) -> None:
    """In stage gateway it serves what it is given, in its own terms; the copy goes to legacy."""
    async with (
        Oddities() as legacy,
        Oddities() as other,
        shadowed(
            tmp_path,
            legacy.address,
            mirroring=mirroring(other.port),
        ) as rig,
        httpx.AsyncClient(base_url=rig.url) as client,
    ):
        rig.promote("items.get", Stage.GATEWAY)
        assert (await client.get("/items/1")).json() == {"target": "/api/v1/items/1"}
        assert other.deliveries == {"GET /api/v1/items/1": 1}


def test_a_candidate_that_is_the_shadow_or_legacy_is_refused(tmp_path: Path) -> None:
    """Copies would come back, or a service be compared with itself: one clear line."""
    for port in (4711, 9):
        (problem,) = problems(
            write_table(tmp_path, "127.0.0.1:9", listen=4711, mirroring=f"candidate: http://127.0.0.1:{port}")
        )
        assert problem.message.startswith(f"shadow: candidate 127.0.0.1:{port} is ")
