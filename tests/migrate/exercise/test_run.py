from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from gateway import __version__
from gateway.core.exercise import Example
from gateway.core.path import PathPattern
from gateway.core.routes import Target
from migrate.exercise.call import Caller
from migrate.exercise.result import Outcome
from migrate.exercise.run import Exerciser, run
from migrate.probe.setting import credential
from shadow.mirror import Mirror
from shadow.observe import Setting
from tests.apps.probed import Probed, altered, probed, small

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.core.observation import Observation
    from migrate.exercise.result import ExerciseRun

SHAPES = (Example(query="limit=5"), Example(query="limit=9"), Example(query="limit=5&skip=0"))


async def exercised(
    stand: Probed, *routes: str, examples: Sequence[Example] = SHAPES, known: bool = True
) -> tuple[ExerciseRun, list[Observation]]:
    """A run over a served gateway."""
    probing = stand.setting
    caller = probing.credentials
    setting = Setting(probing.table, probing.fingerprint_key, {}, probing.public, __version__, time.time)
    callers: dict[str, Caller | None] = dict.fromkeys(routes)
    for name in routes if known else ():
        headers = credential(probing, stand.route(name)) or ()
        callers[name] = Caller(caller.subject, caller.organisation, headers)
    async with Mirror(probing.internal, probing.mark_key) as mirror:
        exerciser = Exerciser(mirror, setting, callers, dict.fromkeys(routes, 7))
        return await run(exerciser, [(stand.route(name), examples) for name in routes], lambda _: None)


async def test_each_distinct_shape_is_compared_once_and_nothing_is_sent() -> None:
    """Reads and writes alike; observations are dry runs of source exercise under the flag's revision."""
    async with probed(small()) as stand:
        found, observations = await exercised(stand, "pools.list", "pools.create", "login", "chat")
        assert stand.upstream.seen == []
    assert {(one.outcome, one.detail) for one in found.exercised} == {(Outcome.SAME, "")}
    assert len([one for one in found.exercised if one.route == "pools.list"]) == 2
    assert {(one.source, one.mode, one.subject, one.revision, one.legacy_status) for one in observations} == {
        ("exercise", "dry-run", "exercise", 7, 0)
    }
    assert [one.id for one in observations] == [one.observation for one in found.exercised]
    assert found.passed


async def test_a_gateway_that_would_send_something_else_is_found() -> None:
    """With the place that differs."""
    wrong = altered("pools.get", legacy=Target("GET", PathPattern("/pool/other/{id}")))
    async with probed(small(), change=wrong) as stand:
        found, observations = await exercised(stand, "pools.get", examples=SHAPES[:1])
    assert [(one.outcome, one.detail) for one in found.exercised] == [(Outcome.DIFFERENT, "upstream.path")]
    assert [one.verdict for one in observations] == ["mismatch"]


async def test_what_the_gateway_refuses_says_nothing_of_the_request() -> None:
    """It is told with its reason, and no observation is made of it."""
    async with probed(small()) as stand:
        setting = stand.setting
        async with Mirror(setting.internal, setting.mark_key) as mirror:
            judge = Setting(setting.table, setting.fingerprint_key, {}, setting.public, __version__, time.time)
            exerciser = Exerciser(mirror, judge, {"pools.get": Caller()}, {})
            found, observations = await run(exerciser, [(stand.route("pools.get"), SHAPES[:1])], lambda _: None)
    assert [one.outcome for one in found.exercised] == [Outcome.REFUSED]
    assert found.exercised[0].detail.startswith("401 ")
    assert observations == []


async def test_a_dead_gateway_is_a_failure() -> None:
    """With its reason."""
    async with probed(small()) as stand:
        setting = stand.setting
    async with Mirror(setting.internal, setting.mark_key) as mirror:
        judge = Setting(setting.table, setting.fingerprint_key, {}, setting.public, __version__, time.time)
        exerciser = Exerciser(mirror, judge, {"login": Caller()}, {})
        found, _ = await run(exerciser, [(stand.route("login"), SHAPES[:1])], lambda _: None)
    assert [one.outcome for one in found.exercised] == [Outcome.FAILED]
    assert "connect" in found.exercised[0].detail


@pytest.mark.parametrize(
    ("route", "examples", "known", "reason"),
    [
        ("socket", SHAPES, True, "a WebSocket has no dry run"),
        ("pools.get", SHAPES, False, "no credential is known"),
        ("pools.get", (), True, "no shape is known; declare `exercise:`"),
    ],
)
async def test_a_route_that_cannot_be_exercised_is_left_out(
    route: str, examples: tuple[Example, ...], *, known: bool, reason: str
) -> None:
    """With the reason, and the run is no yes."""
    async with probed(small()) as stand:
        found, _ = await exercised(stand, route, examples=examples, known=known)
    assert found.exercised == ()
    assert reason in found.skipped[0][1]
    assert not found.passed
