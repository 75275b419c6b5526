from __future__ import annotations

from dataclasses import replace

import pytest

from gateway import __version__
from gateway.core.digest import route_digest
from gateway.core.errors import UsageError
from gateway.core.routes import Access, Effect, Kind, Stage
from migrate.probe.asker import Asker
from migrate.probe.credentials import Credentials
from migrate.probe.run import planned, run
from tests.apps.probed import altered, probed, small


@pytest.mark.proof
@pytest.mark.parametrize("stage", list(Stage))
async def test_the_right_gateway_passes_in_every_stage(stage: Stage) -> None:
    """Everything that applies is asked, and services see reads of public routes at most."""
    async with probed(small(), stage=stage) as at:
        plan = planned(at.setting.table, "gateway")
        heard: list[int] = []
        found = await run(at.setting, "gateway", plan, heard.append)
        assert found.passed, (found.failed, found.not_asked)
        assert len(found.results) == len(plan) == len(heard)
        assert {seen.target for seen in at.upstream.seen} <= {"/health"}
        assert found.requests == at.setting.asker.requests > 100
        route = at.route("chat")
        assert found.digests["chat"] == route_digest(at.setting.table, route, __version__)


@pytest.mark.proof
async def test_no_write_is_executed_whatever_is_broken() -> None:
    """A gateway that lets everybody into everything executes nothing but reads, transparent routes too."""

    def wide_open(table: object) -> object:
        for route in small().routes:
            if route.gateway is not None:
                table = altered(route.id, access=Access.PUBLIC, scope=())(table)  # type: ignore[arg-type]
        return table

    for stage, left in ((Stage.GATEWAY, True), (Stage.SHADOW, True)):
        async with probed(small(), stage=stage, left_shadow=left, change=wide_open) as at:  # type: ignore[arg-type]
            found = await run(at.setting, "gateway", planned(at.setting.table, "gateway"), lambda _: None)
            assert not found.passed
            reads = {
                route.legacy.path.text.partition("{")[0]
                for route in at.setting.table.routes
                if route.effect is Effect.READ and (route.kind is Kind.WEBSOCKET or route.gateway)
            }
            assert at.upstream.seen
            assert {seen.method for seen in at.upstream.seen} == {"GET"}
            assert all(any(seen.target.startswith(path) for path in reads) for seen in at.upstream.seen)


@pytest.mark.proof
async def test_what_could_not_be_asked_is_listed() -> None:
    """Without a token, and without time."""
    async with probed(small(), credentials=Credentials()) as at:
        found = await run(at.setting, "gateway", planned(at.setting.table, "gateway"), lambda _: None)
        assert {item.probe for item in found.not_asked} == {"expired", "identity", "wrong tenant"}
        assert not found.passed
        spent = replace(at.setting, asker=Asker([at.setting.public, at.setting.internal], total=0))
        found = await run(spent, "gateway", planned(at.setting.table, "gateway", ["health"]), lambda _: None)
        assert {item.reason for item in found.not_asked} == {"no time was left for it"}
        assert not found.results


def test_globs_choose_routes() -> None:
    """Internal ones too; a name that fits none, and a target without a question, are told."""
    table = small()
    assert {route.id for _, route in planned(table, "gateway", ["inner.*", "health"])} == {
        "inner.read",
        "inner.write",
        "health",
    }
    assert {route.id for _, route in planned(table, "legacy")} == {"pools.list", "pools.get", "models", "inner.read"}
    with pytest.raises(UsageError, match=r"did you mean pools\.list"):
        planned(table, "gateway", ["pools.lst"])
    with pytest.raises(UsageError, match="no probe of --target legacy applies to login"):
        planned(table, "legacy", ["login"])
