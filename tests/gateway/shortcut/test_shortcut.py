"""When a shortcut may be taken: as long as all holds that the request was let through on."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from gateway.core.listening import Connections
from gateway.core.permissions import Permissions
from gateway.core.policy import Limit
from gateway.core.resilience import CircuitPolicy
from gateway.core.routes import Stage
from tests.apps.clock import Clock
from tests.apps.repeated import PATH, repeating, steady
from tests.apps.table import bearer, flags, settings


async def test_flag_is_obeyed_by_the_next_request() -> None:
    """A route that goes back is transparent at once, and one that comes again is served."""
    async with repeating() as play:
        await play.shortened()
        before, made = play.shortcuts, play.gate.gateway.context.table
        play.gate.flags = flags(made, Stage.LEGACY, left_shadow=True)
        assert (await play.ask()).status == 200
        assert play.up.seen[-1].values("cutover-context") == []
        play.gate.flags = flags(made, Stage.SHADOW)
        assert (await play.ask()).status == 404
        assert play.shortcuts == before
        play.gate.flags = flags(made, Stage.CANARY, percent=1.0)
        await play.shortened()


async def test_reloaded_table_is_obeyed_by_the_next_request() -> None:
    """Another permission, another place or another answer: the shortcut of the old table is never taken again."""
    async with repeating() as play:
        await play.shortened()
        before, old = play.shortcuts, play.gate.gateway.context.table
        closed = tuple(replace(one, permission="things:read") for one in old.routes)
        play.gate.gateway.reload(replace(old, routes=closed))
        assert (await play.ask()).status == 403
        play.gate.gateway.reload(replace(old, routes=old.routes[1:]))
        assert (await play.ask()).status == 405
        assert play.shortcuts == before


async def test_token_ends_when_it_ends() -> None:
    """To the second at which it expires, and not a request beyond; a clock that is set back revives nothing."""
    clock = Clock(1_000_000.0)
    head = ("Authorization", bearer(exp=1_000_060, iat=1_000_000)["Authorization"])
    async with repeating(own=settings(clock=clock)) as play:
        await play.shortened(PATH, head)
        clock.now = 1_000_059.9
        before = play.shortcuts
        assert ((await play.ask(PATH, head)).status, play.shortcuts) == (200, before + 1)
        clock.now = 1_000_060.0
        assert ((await play.ask(PATH, head)).status, play.shortcuts) == (401, before + 1)
        play.gate.gateway.context.identity.tokens(play.gate.gateway.context.table.policy).clear()
        clock.now = 1_000_010.0
        assert ((await play.ask(PATH, head)).status, play.shortcuts) == (200, before + 1)


async def test_tokens_that_are_forgotten_are_looked_at_again() -> None:
    """When an issuer takes its keys back nothing holds that was verified with them."""
    async with repeating() as play:
        await play.shortened()
        before, context = play.shortcuts, play.gate.gateway.context
        context.identity.tokens(context.table.policy).clear()
        await play.ask()
        assert play.shortcuts == before
        await play.shortened()


async def test_roles_are_those_of_this_moment() -> None:
    """When roles are worked out anew, so is whether this caller may."""
    permissions = Permissions(roles={"admin": ("things:read",)})
    async with repeating(permissions=permissions) as play:
        context = play.gate.gateway.context
        needed = tuple(replace(one, permission="things:read") for one in context.table.routes)
        play.gate.gateway.reload(replace(context.table, routes=needed))
        await play.shortened()
        before = play.shortcuts
        await play.ask()
        assert play.shortcuts == before + 1
        context.rights.grants._until = float("-inf")
        await play.ask()
        assert play.shortcuts == before + 1


async def test_no_token_is_given_twice_or_taken_for_nothing() -> None:
    """On the shorter way the bucket empties as on the long one; then 429, with what is told of it."""
    async with repeating() as play:
        made = play.gate.gateway.context.table
        play.gate.gateway.reload(replace(made, limits={"read": Limit(0.001, 60, 6)}))
        answers = [await play.ask() for _ in range(8)]
        assert [one.status for one in answers] == [200] * 6 + [429] * 2
        assert [one.header("x-ratelimit-remaining") for one in answers] == ["5", "4", "3", "2", "1", "0", "0", "0"]
        assert play.shortcuts == 4
        assert answers[-1].header("retry-after")


async def test_unlimited_class_says_nothing() -> None:
    """Without a declared limit no answer tells of one."""
    async with repeating() as play:
        play.gate.gateway.reload(replace(play.gate.gateway.context.table, limits={}))
        answers = [await play.ask() for _ in range(4)]
        assert len({steady(one.head.decode()) for one in answers}) == 1
        assert (answers[-1].header("ratelimit"), play.shortcuts) == ("", 2)


async def test_service_that_is_left_alone_is_left_alone() -> None:
    """While a circuit is open nobody goes round it."""
    circuit = CircuitPolicy(failures=0.1, least=1, window=5, open=60, trials=1)
    async with repeating(circuit=circuit) as play:
        await play.shortened()
        context, before = play.gate.gateway.context, play.shortcuts
        own = context.resilience.circuits.of(context.table.services["compute"])
        own.failed(own.phase, circuit, asyncio.get_running_loop().time())
        assert ((await play.ask()).status, play.shortcuts) == (503, before)


async def test_each_request_earns_its_share_of_another_attempt() -> None:
    """What may be tried again does not depend on the way that requests went."""
    async with repeating() as play:
        for _ in range(5):
            await play.ask()
        context = play.gate.gateway.context
        earned = context.resilience.budgets.of("compute")._earned
        assert (round(earned / context.table.policy.retries.share), play.shortcuts) == (5, 3)


async def test_without_a_connection_at_rest_it_is_the_long_way() -> None:
    """To connect takes time and may fail; that is not for here. No token is taken for the attempt."""
    async with repeating() as play:
        answer = await play.shortened()
        before, left = play.shortcuts, int(answer.header("x-ratelimit-remaining"))
        play.gate.gateway.context.pool.close()
        answer = await play.ask()
        assert (answer.header("x-ratelimit-remaining"), play.shortcuts) == (str(left - 1), before)


@pytest.mark.parametrize("asked", [3, 4])
async def test_connection_ends_after_as_many_requests_as_it_may(asked: int) -> None:
    """What took a shortcut counts."""
    async with repeating(connections=Connections(requests=asked)) as play:
        answers = [await play.ask() for _ in range(asked)]
        assert [one.header("connection") for one in answers] == [""] * (asked - 1) + ["close"]
        assert play.shortcuts == asked - 2
