from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.mark import DRY_RUN_TYPE
from migrate.probe.asker import Asker
from migrate.probe.marks import may_be_marked, misuse
from tests.apps.echo import raw, upstream
from tests.apps.probed import probed, small


@pytest.mark.parametrize("name", ["pools.get", "models", "health"])
async def test_in_the_right_gateway_marks_help_nobody(name: str) -> None:
    """In public and on the internal listener."""
    async with probed(small()) as at:
        found = await misuse(at.setting, at.route(name))
        assert found.passed, found


@pytest.mark.parametrize(
    ("line", "location"),
    [
        (b"content-type: " + DRY_RUN_TYPE.encode(), "header:content-type"),
        (b"Cutover-Upstream: e30=", "header:cutover-upstream"),
        (b"Cutover-Refused: 1", "header:cutover-refused"),
    ],
)
async def test_a_public_listener_that_honours_marks_is_found(line: bytes, location: str) -> None:
    """Every sign of a copy in public is a fault."""
    behave = raw(b"HTTP/1.1 200 OK\r\n" + line + b"\r\ncontent-length: 2\r\n\r\n{}")
    async with probed(small()) as at, upstream(behave) as wrong:
        asker = Asker([wrong.address, at.setting.internal])
        found = await misuse(replace(at.setting, public=wrong.address, asker=asker), at.route("pools.get"))
        assert (found.passed, found.location) == (False, location)


async def test_an_internal_listener_that_takes_any_mark_is_found() -> None:
    """Forged, missing and replayed marks must be 404; no answer at all is a fault too."""
    async with probed(small()) as at, upstream() as wrong:
        asker = Asker([wrong.address, at.setting.public, "http://127.0.0.1:1"])
        found = await misuse(replace(at.setting, internal=wrong.address, asker=asker), at.route("pools.get"))
        assert (found.passed, found.location, found.detail) == (
            False,
            "status",
            "a forged mark, internal listener; 2 more of 5",
        )
        gone = replace(
            at.setting, public="http://127.0.0.1:1", asker=Asker(["http://127.0.0.1:1", at.setting.internal])
        )
        assert (await misuse(gone, at.route("pools.get"))).location == "status"


def test_only_reads_are_offered() -> None:
    """Not writes, not metered routes, not sockets."""
    assert {route.id for route in small().routes if may_be_marked(route)} == {
        "pools.list",
        "pools.get",
        "models",
        "health",
    }
