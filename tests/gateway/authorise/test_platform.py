"""What roles hold, from a platform that is there, hangs, lies, or is away."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from gateway.authorise.platform import SUBJECT, Grants
from gateway.core.permissions import Permissions, Refresh
from gateway.metrics import Metrics
from gateway.transport.pool import Pool
from tests.apps.clock import Clock
from tests.apps.echo import respond, upstream
from tests.apps.table import JWT_SECRET, route, settings, table

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.core.table import RouteTable
    from tests.apps.echo import Seen, Upstream

EVERY, STALE = 30.0, 300.0
MEMBER = ("member",)


@dataclass
class Roles:
    """A platform that says what roles hold, as `answer` does; `hold` keeps it from answering until it is set."""

    grants: Grants
    table: RouteTable
    clock: Clock
    metrics: Metrics
    upstream: Upstream
    answer: tuple[int, Any] = (200, [{"name": "member", "permissions": ["pool:list"]}])
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def to(self, *roles: str) -> frozenset[str]:
        """What these roles have now, as a request would find it."""
        known = self.grants.at_once(self.table) or await self.grants.now(self.table)
        return known.to(roles)

    async def quiet(self) -> None:
        """Wait until no question is under way."""
        if self.grants._asking is not None:
            await asyncio.wait([self.grants._asking])

    async def behave(self, _seen: Seen, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer as set."""
        self.asked.set()
        await self.hold.wait()
        status, document = self.answer
        return await respond(writer, status, json.dumps(document).encode())


@asynccontextmanager
async def platform(**changes: Any) -> AsyncIterator[Roles]:
    """A platform, a table whose member may do nothing by the file, and a clock that stands."""
    async with upstream() as at:
        routes = [
            replace(route(name, "compute", f"GET /{name}", f"GET /{name}"), permission=permission)
            for name, permission in (("a", "pool:list"), ("b", "pool:create"))
        ]
        options: dict[str, Any] = {"page": 100, "role": "admin", "every": EVERY, **changes}
        permissions = Permissions(
            {"member": ("pool:create",)}, "admin:all", Refresh("compute", "/roles", **options), STALE
        )
        known, clock, metrics = table(at.address, *routes, permissions=permissions), Clock(), Metrics()
        state = Roles(Grants(settings(), Pool(), metrics, clock), known, clock, metrics, at)
        state.hold.set()
        at.behave = state.behave
        try:
            yield state
        finally:
            state.grants.close()


async def test_what_the_platform_says_holds_instead_of_the_file() -> None:
    """From the first request on, which waits for it; a role the platform does not name has nothing."""
    async with platform() as at:
        assert await at.to("member") == {"pool:list"}
        assert await at.to("stranger") == frozenset()
        assert len(at.upstream.seen) == 1
        assert at.metrics.value("cutover_permission_refreshes_total", result="ok") == 1


async def test_it_is_asked_at_most_once_in_a_while() -> None:
    """A hundred requests within the period are one question, and a change is seen in the next."""
    async with platform() as at:
        for _ in range(100):
            await at.to("member")
        at.answer = (200, [{"name": "member", "permissions": ["admin:all"]}])
        at.clock.now += EVERY - 0.1
        assert await at.to("member") == {"pool:list"}
        assert len(at.upstream.seen) == 1
        at.clock.now += 0.2
        await at.to("member")
        await at.quiet()
        assert await at.to("member") == {"pool:list", "pool:create"}
        assert len(at.upstream.seen) == 2


async def test_nobody_waits_for_a_refresh_of_what_is_young() -> None:
    """Between one and two periods the last answer decides while the next one is asked for."""
    async with platform() as at:
        await at.to("member")
        at.hold.clear()
        at.clock.now += EVERY
        assert await asyncio.wait_for(at.to("member"), 1) == {"pool:list"}
        at.hold.set()


async def test_after_a_pause_the_request_waits_for_the_truth() -> None:
    """A gateway that nobody called for an hour does not go by what held an hour ago."""
    async with platform() as at:
        await at.to("member")
        at.answer = (200, [{"name": "member", "permissions": []}])
        at.clock.now += 2 * EVERY
        assert await at.to("member") == frozenset()


async def test_many_requests_are_one_question() -> None:
    """Also when all come before the first answer."""
    async with platform() as at:
        at.hold.clear()
        waiting = [asyncio.create_task(at.to("member")) for _ in range(20)]
        await at.asked.wait()
        # Whoever leaves takes the question from nobody.
        waiting.pop().cancel()
        at.hold.set()
        assert await asyncio.gather(*waiting) == [{"pool:list"}] * 19
        assert len(at.upstream.seen) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (500, [{"name": "member", "permissions": ["pool:create"]}]),
        (401, {"detail": "no"}),
        (200, []),
        (200, {"member": ["pool:create"]}),
        (200, [{"name": "member"}]),
        (200, [{"name": "member", "permissions": ["pool:create", 7]}]),
    ],
)
async def test_garbage_is_refused_and_the_last_word_stands(answer: tuple[int, Any]) -> None:
    """An empty list of roles is garbage too: it would lock everybody out."""
    async with platform() as at:
        await at.to("member")
        at.answer = answer
        at.clock.now += EVERY
        await at.to("member")
        await at.quiet()
        assert await at.to("member") == {"pool:list"}
        assert at.metrics.value("cutover_permission_refreshes_total", result="failed") == 1
        told = at.grants.health(at.table)["permissions"]
        assert told == {"source": "platform", "stale": True, "age": EVERY}


async def test_the_file_holds_when_the_platform_was_silent_for_too_long() -> None:
    """Until then its last word does; when it is back, its word does again."""
    async with platform() as at:
        await at.to("member")
        at.answer = (503, None)
        at.clock.now += STALE - 1
        await at.to("member")
        await at.quiet()
        assert await at.to("member") == {"pool:list"}
        at.clock.now += 1
        assert await at.to("member") == {"pool:create"}
        assert at.grants.gauges(at.table) == {
            "cutover_permissions_from_platform": 0.0,
            "cutover_permissions_stale": 1.0,
            "cutover_permissions_age_seconds": STALE,
        }
        at.answer = (200, [{"name": "member", "permissions": ["pool:list"]}])
        at.clock.now += EVERY
        await at.to("member")
        await at.quiet()
        assert await at.to("member") == {"pool:list"}
        assert at.grants.health(at.table)["permissions"]["source"] == "platform"


async def test_a_platform_that_never_spoke_leaves_it_to_the_file() -> None:
    """The first request waits once; those after a failure do not."""
    async with platform() as at:
        at.upstream.close_connections()
        at.answer = (500, None)
        assert await at.to("member") == {"pool:create"}
        assert at.grants.health(at.table)["permissions"] == {"source": "file", "stale": True, "age": -1.0}
        at.hold.clear()
        at.clock.now += 10 * EVERY
        assert await asyncio.wait_for(at.to("member"), 1) == {"pool:create"}
        at.hold.set()


async def test_a_token_is_signed_where_none_is_given() -> None:
    """Of the role named, for a user that does not exist, good for a minute; the internal key goes too."""
    async with platform() as at:
        await at.to("member")
        seen = at.upstream.seen[0]
        claims = jwt.decode(seen.values("authorization")[0].partition(" ")[2], JWT_SECRET, algorithms=["HS256"])
        assert (claims["sub"], claims["roles"], claims["type"]) == (SUBJECT, ["admin"], "access")
        assert claims["exp"] - claims["iat"] == 60
        assert seen.values("x-internal-api-key") == [settings().internal_key]
        assert seen.values("cutover-question") == ["roles"]
        assert seen.target == "/roles?skip=0&limit=100"


async def test_the_service_token_goes_first() -> None:
    """As it was given; without it and without a role none is shown."""
    async with platform() as at:
        at.grants._settings = settings(service_token="given")
        await at.to("member")
        assert at.upstream.seen[0].values("authorization") == ["Bearer given"]
    async with platform(role="") as at:
        await at.to("member")
        assert at.upstream.seen[0].values("authorization") == []


async def test_another_table_is_another_matter() -> None:
    """A reload that asks elsewhere forgets what was said; one that asks the same does not."""
    async with platform() as at:
        await at.to("member")
        same = replace(at.table, changes=())
        assert at.grants.at_once(same) is None
        assert (await at.grants.now(same)).to(MEMBER) == {"pool:list"}
        assert len(at.upstream.seen) == 1
        filed = replace(at.table.policy, permissions=replace(at.table.policy.permissions, refresh=None))
        alone = replace(at.table, policy=filed)
        assert (await at.grants.now(alone)).to(MEMBER) == {"pool:create"}
        assert (at.grants.health(alone), at.grants.gauges(alone)) == ({}, {})
        assert at.grants.at_once(alone) is not None


async def test_a_closed_gateway_asks_no_more() -> None:
    """The question under way ends."""
    async with platform() as at:
        at.hold.clear()
        waiting = asyncio.create_task(at.to("member"))
        await at.asked.wait()
        at.grants.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        at.hold.set()


async def test_who_does_not_wait_goes_by_what_is_known() -> None:
    """The file, before the platform has said anything; its word as soon as it has."""
    async with platform() as at:
        at.hold.clear()
        early = await asyncio.wait_for(at.grants.now(at.table, wait=False), 1)
        assert early.to(MEMBER) == {"pool:create"}
        at.hold.set()
        await at.quiet()
        assert await at.to("member") == {"pool:list"}
