from __future__ import annotations

from dataclasses import replace

import pytest

from migrate.probe.asker import Asker
from migrate.probe.body_limit import limit, takes_body
from tests.apps.probed import probed, small


@pytest.mark.parametrize("name", ["pools.create", "chat", "login"])
async def test_the_right_gateway_refuses_at_once(name: str) -> None:
    """No byte of the body is sent, and the service hears of nothing."""
    async with probed(small(max_body=1000)) as at:
        found = await limit(at.setting, at.route(name))
        assert found.passed, found
        assert at.upstream.seen == []


async def test_a_limit_that_is_too_high_is_found() -> None:
    """The answer that does not come, or another than 413, is at the status."""
    raised = replace(small().policy, max_body=1 << 40)
    async with probed(small(max_body=1000), change=lambda table: replace(table, policy=raised)) as at:
        asker = Asker([at.setting.public, at.setting.internal], answer=0.5)
        found = await limit(replace(at.setting, asker=asker), at.route("pools.create"))
        assert (found.passed, found.location) == (False, "status")
        assert found.detail == "internal listener; 1 more of 2"
        assert at.upstream.seen == []


def test_it_applies_to_methods_with_a_body() -> None:
    """Internal routes have no public side to ask."""
    applies = {route.id for route in small().routes if takes_body(route)}
    assert applies == {"pools.create", "chat", "login"}
