"""The planted world."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from migrate.demo.platform.planting import plant
from migrate.demo.platform.world import World

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed


def test_everything_the_demo_shows_is_there(world: World, seed: Seed) -> None:
    """There are a running, a stopped and an external deployment, pools, logs, a quota and an invitation."""
    states = {row.id: (row.state, row.workload) for row in world.deployments}
    assert states[seed.running_deployment] == ("RUNNING", "inference")
    assert states[seed.stopped_deployment] == ("STOPPED", "inference")
    assert states[seed.external_deployment] == ("RUNNING", "external")
    assert [row.deployment for row in world.logs].count(seed.running_deployment) == 1
    assert {seed.pool, seed.second_pool} <= {row.id for row in world.pools}
    assert [row.kind for row in world.policies] == ["quota"]
    assert [row.token for row in world.invitations] == [seed.invitation_token]


def test_the_foreign_tenant_can_be_left_out(seed: Seed) -> None:
    """Without `foreign` there is one organisation."""
    world = World(jwt_secret="", internal_key="")
    plant(world, dataclasses.replace(seed, foreign=False))
    assert [row.id for row in world.organisations] == [seed.organisation]
    assert not world.users.get(seed.foreign_user)


def test_an_admin_with_a_secret_is_enrolled(seed: Seed) -> None:
    """A TOTP secret in the seed means that login asks for a code."""
    world = World(jwt_secret="", internal_key="")
    plant(world, dataclasses.replace(seed, admin_totp_secret="JBSWY3DPEHPK3PXP"))
    admin = world.users.get(seed.admin)
    assert admin is not None
    assert admin.totp_enabled
