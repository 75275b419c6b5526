"""Heartbeats."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrate.demo.platform.world import World
    from tests.migrate.demo.platform.conftest import Call

PATH = "/inventory/heartbeat"
NODE = {"provider": "nosana", "provider_instance_id": "job-running-1"}


async def test_a_known_node_is_updated(call: Call, world: World) -> None:
    """State and allocation are taken over; the address stays when none is given."""
    body = NODE | {"state": "busy", "gpu_allocated": 1}
    assert (await call("orchestration", "POST", PATH, json=body)).json() == {"status": "ok"}
    row = world.nodes.first(lambda row: row.instance == "job-running-1")
    assert row is not None
    assert (row.state, row.gpu_allocated, row.expose_url) == ("busy", 1, "http://127.0.0.1:9100")


async def test_the_default_state_breaks_it(call: Call) -> None:
    """READY in capitals is no state of the database: 500 in plain text."""
    answer = await call("orchestration", "POST", PATH, json=NODE)
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


async def test_an_unknown_node_is_404(call: Call) -> None:
    """A heartbeat makes no node."""
    body = {"provider": "nosana", "provider_instance_id": "x", "state": "ready"}
    assert (await call("orchestration", "POST", PATH, json=body)).status_code == 404
