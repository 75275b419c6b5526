from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.routes import Stage
from migrate.probe.asker import Asker
from migrate.probe.methods import undeclared
from tests.apps.echo import raw, upstream
from tests.apps.probed import probed, small


@pytest.mark.parametrize("stage", [Stage.LEGACY, Stage.GATEWAY])
async def test_the_right_gateway_says_what_is_allowed(stage: Stage) -> None:
    """In every stage, without asking the service."""
    async with probed(small(), stage=stage) as at:
        for name in ("pools.get", "pools.create", "login"):
            found = await undeclared(at.setting, at.route(name))
            assert found.passed, found
        assert at.upstream.seen == []


async def test_a_refusal_without_allow_is_found() -> None:
    """The header is the place."""
    async with probed(small(), fault="methods") as at:
        found = await undeclared(at.setting, at.route("pools.get"))
        assert (found.passed, found.location, found.seen) == (False, "header:allow", "absent")


@pytest.mark.parametrize("line", [b"HTTP/1.1 200 OK", b"HTTP/1.1 500 No", b"garbage"])
async def test_another_answer_is_found(line: bytes) -> None:
    """At the status, even where there is none."""
    async with probed(small()) as at, upstream(raw(line + b"\r\ncontent-length: 0\r\n\r\n", keep=False)) as wrong:
        setting = replace(at.setting, public=wrong.address, asker=Asker([wrong.address]))
        found = await undeclared(setting, at.route("pools.get"))
        assert (found.passed, found.location) == (False, "status")
