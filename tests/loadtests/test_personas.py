from __future__ import annotations

from pathlib import Path

from gateway.config import load_table
from loadtests.personas import PERSONAS, hindrance, needed_routes, personas_routes
from tests.apps.load_target import table

INFERIA = load_table(Path("migrate/presets/inferia.yaml"), {})


def test_the_shipped_table_has_what_every_persona_calls() -> None:
    """Nothing hinders any of them where both sides are loaded, and their routes are those they are named for."""
    assert all(not hindrance(INFERIA, persona, ("legacy", "gateway"), ()) for persona in PERSONAS.values())
    routes = {name: {route.id for route in personas_routes(INFERIA, persona)} for name, persona in PERSONAS.items()}
    assert routes == {
        "dashboard": set(),
        "api": {"inference.chat", "inference.models"},
        "logs": {"deployments.log-stream", "deployments.log-socket"},
        "uploader": {"knowledge.upload"},
        "node": {"internal.heartbeat"},
    }
    assert {"deployments.list"} < {route.id for route in needed_routes(INFERIA, PERSONAS["logs"])}


def test_what_hinders_a_persona_is_said(tmp_path: Path) -> None:
    """Heartbeats never go through the gateway; unserved routes and missing ones are named."""
    (tmp_path / "cutover.yaml").write_text(table(1))
    small = load_table(tmp_path / "cutover.yaml")
    assert "load legacy or both" in hindrance(INFERIA, PERSONAS["node"], ("gateway",), ())
    assert "does not serve inference.chat yet" in hindrance(
        INFERIA, PERSONAS["api"], ("gateway",), ("inference.chat",)
    )
    assert "nothing for POST /v1/chat/completions" in hindrance(small, PERSONAS["api"], ("gateway",), ())
