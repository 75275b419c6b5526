"""The world."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from migrate.demo.platform.world import World


def test_permissions_are_those_of_now(world: World) -> None:
    """A role changed after a token was issued counts as it is now; an unknown role has none."""
    assert "member:list" not in world.permissions_of(["member"])
    world.roles.update("member", permissions=("member:list",))
    assert world.permissions_of(["member"]) == ("member:list",)
    assert world.permissions_of(["nobody"]) == ()


def test_a_revoked_key_is_found_and_a_wrong_one_is_not(world: World, seed: Seed) -> None:
    """Nobody looks at `is_active`; the whole secret has to fit."""
    world.api_keys.update(seed.api_key_id, is_active=False)
    found = world.key_of(seed.api_key)
    assert found is not None
    assert found.id == seed.api_key_id
    assert world.key_of(seed.api_key + "x") is None


def test_usage_adds_up_by_key_and_model(world: World) -> None:
    """Requests and tokens of a day are counted per key and model."""
    world.count_usage("k", "m", tokens=5)
    world.count_usage("k", "m", tokens=7)
    assert world.usage_today("k", "m") == (2, 12)
    assert world.usage_today("k", "other") == (0, 0)


def test_the_audit_log_keeps_what_it_is_told(world: World) -> None:
    """An entry has its action, resource and status."""
    entry = world.record("a.b", user=None, resource=("thing", "1"), status="failure")
    assert list(world.audit)[-1] == entry
    assert (entry.resource_type, entry.resource_id, entry.status) == ("thing", "1", "failure")
