"""Providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.migrate.demo.platform.conftest import Call

PATH = "/deployment/provider/resources"


async def test_offers_are_listed_by_provider(call: Call) -> None:
    """One provider's, everybody's, or 400 for an unknown one."""
    nosana = (await call("orchestration", "GET", f"{PATH}?provider=nosana")).json()["resources"]
    assert [row["gpu_type"] for row in nosana] == ["RTX3060", "A100", "H100"]
    assert len((await call("orchestration", "GET", PATH)).json()["resources"]) > len(nosana)
    bogus = await call("orchestration", "GET", f"{PATH}?provider=bogus")
    assert (bogus.status_code, bogus.json()) == (400, {"detail": "No adapter registered for bogus"})
