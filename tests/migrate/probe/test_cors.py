from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.core.policy import Cors
from migrate.probe.asker import Asker
from migrate.probe.cors import foreign_origin
from tests.apps.echo import raw, upstream
from tests.apps.probed import probed, small

LISTED = Cors(("https://dashboard.example",))


@pytest.mark.parametrize("cors", [Cors(), LISTED])
async def test_the_right_gateway_follows_its_policy(cors: Cors) -> None:
    """For preflights and answers, of reads and writes."""
    async with probed(small(cors=cors)) as at:
        for name in ("pools.get", "pools.create", "login", "chat"):
            found = await foreign_origin(at.setting, at.route(name))
            assert found.passed, found
        assert at.upstream.seen == []


async def test_a_gateway_that_allows_everybody_is_found() -> None:
    """Where origins are listed, a foreign one must hear nothing."""
    async with probed(
        small(cors=LISTED), change=lambda table: replace(table, policy=replace(table.policy, cors=Cors()))
    ) as at:
        found = await foreign_origin(at.setting, at.route("pools.get"))
        assert (found.passed, found.location, found.seen) == (False, "header:access-control-allow-origin", "*")


@pytest.mark.parametrize(
    ("answer", "location"),
    [
        (
            b"HTTP/1.1 200 OK\r\naccess-control-allow-origin: *\r\naccess-control-allow-origin: *\r\n",
            "header:access-control-allow-origin",
        ),
        (b"HTTP/1.1 500 No\r\n", "status"),
    ],
)
async def test_what_browsers_reject_is_found(answer: bytes, location: str) -> None:
    """The header twice, or a failure."""
    async with probed(small()) as at, upstream(raw(answer + b"content-length: 0\r\n\r\n")) as wrong:
        setting = replace(at.setting, public=wrong.address, asker=Asker([wrong.address]))
        found = await foreign_origin(setting, at.route("pools.create"))
        assert (found.passed, found.location) == (False, location)
