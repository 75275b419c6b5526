"""Inference logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from migrate.demo.platform.inference_logs import organisation_logs, shown_log

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World


def test_an_organisation_sees_its_own_latest_first(world: World, seed: Seed) -> None:
    """Three seeded logs, the last one first; the foreign organisation sees none."""
    logs = organisation_logs(world, seed.organisation)
    assert [log.ip_address for log in logs] == ["10.0.0.3", "10.0.0.2", "10.0.0.1"]
    assert organisation_logs(world, seed.foreign_organisation) == []


def test_a_log_is_shown_in_the_recorded_order(world: World, seed: Seed) -> None:
    """The payload is a nested object and stands after the address."""
    shown = shown_log(organisation_logs(world, seed.organisation)[0])
    assert list(shown)[:6] == ["id", "deployment_id", "user_id", "model", "ip_address", "request_payload"]
    assert shown["request_payload"]["messages"][0]["content"] == "seed question 2"
