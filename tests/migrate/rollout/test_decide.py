from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.cohort import in_cohort
from gateway.core.errors import CutoverError, RefusedError, UsageError
from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from migrate.rollout.decide import STAGES, Wish, holds, named, promoted, rolled_back, smallest_percent

PERCENT = st.floats(0, 100, allow_nan=False)
FLAGS = st.builds(Flag, route=st.just("a"), stage=st.sampled_from(Stage), percent=PERCENT)
WISHES = st.builds(
    Wish,
    by=st.just("eva"),
    reason=st.just("why"),
    to=st.none() | st.sampled_from(Stage),
    percent=st.none() | PERCENT,
    named=st.just(()) | st.just(("user:u1",)),
    sunset=st.sampled_from(["", "2999-01-01"]),
    force=st.booleans(),
)


def wish(**changes: object) -> Wish:
    """A wish with a reason."""
    return Wish(by="eva", reason="why", **changes)  # type: ignore[arg-type]


@given(FLAGS, WISHES)
def test_a_promote_goes_forward_one_stage_or_refuses(flag: Flag, asked: Wish) -> None:
    """Never back, never further than one stage without force, and never to a smaller cohort."""
    try:
        after = promoted(flag, asked)
    except CutoverError:
        return
    if after is None:
        return
    ahead = after.stage.rank - flag.stage.rank
    assert ahead >= 0
    assert ahead <= 1 or asked.force
    assert (after.by, after.reason, after.forced) == ("eva", "why", asked.force)
    if flag.stage is after.stage is Stage.CANARY:
        assert after.percent >= flag.percent
        assert set(after.named) >= set(flag.named)


@given(FLAGS, WISHES)
def test_a_rollback_goes_back_or_refuses(flag: Flag, asked: Wish) -> None:
    """Never forward and never to a larger cohort; every earlier stage can be reached."""
    try:
        after = rolled_back(flag, asked)
    except CutoverError:
        after = None
    if after is not None:
        assert after.stage.rank <= flag.stage.rank
        assert not after.forced
        if flag.stage is after.stage is Stage.CANARY:
            assert after.percent < flag.percent
    for stage in STAGES[: flag.stage.rank]:
        back = rolled_back(flag, wish(to=stage))
        assert back
        assert back.stage is stage


@given(st.floats(0.01, 100))
def test_the_whole_way_forward_and_back(percent: float) -> None:
    """legacy, shadow, canary, gateway, closed; and back to where legacy serves, step by step."""
    flag = Flag("a")
    for stage in STAGES[1:]:
        asked = wish(percent=percent) if stage is Stage.CANARY else wish()
        moved = promoted(flag, asked)
        assert moved
        assert moved.stage is stage
        flag = moved
    for stage in (Stage.GATEWAY, Stage.SHADOW, Stage.LEGACY):
        moved = rolled_back(flag, wish())
        assert moved
        assert moved.stage is stage
        flag = moved
    assert flag.percent == percent


@pytest.mark.parametrize(
    ("flag", "asked", "reason"),
    [
        (Flag("a", Stage.CLOSED), wish(), "nothing comes after"),
        (Flag("a", Stage.CANARY), wish(to=Stage.SHADOW), "go back with cutover rollback"),
        (Flag("a"), wish(to=Stage.GATEWAY), "one stage at a time, next is shadow; --force skips"),
        (Flag("a", Stage.CANARY, percent=50), wish(percent=25), "a smaller share is cutover rollback --percent 25"),
    ],
)
def test_a_refused_promote_says_what_to_do(flag: Flag, asked: Wish, reason: str) -> None:
    """In one line."""
    with pytest.raises(RefusedError, match=reason):
        promoted(flag, asked)


@pytest.mark.parametrize(
    ("flag", "asked", "reason"),
    [
        (Flag("a", Stage.SHADOW), wish(), "whom the canary of a serves"),
        (
            Flag("a", Stage.CANARY),
            wish(to=Stage.GATEWAY, percent=5),
            "belong to canary, and a would stand in gate",
        ),
        (Flag("a"), wish(named=("user:u1",)), "belong to canary, and a would stand in shadow"),
        (Flag("a"), wish(sunset="2999-01-01"), "would stand in shadow"),
    ],
)
def test_a_promote_that_makes_no_sense_is_a_usage_error(flag: Flag, asked: Wish, reason: str) -> None:
    """Exit code 2, not 1."""
    with pytest.raises(UsageError, match=reason):
        promoted(flag, asked)


@pytest.mark.parametrize(
    ("flag", "asked", "error", "reason"),
    [
        (Flag("a"), wish(), RefusedError, "nothing is before"),
        (Flag("a", Stage.SHADOW), wish(to=Stage.CANARY), RefusedError, "go forward with cutover promote"),
        (Flag("a", Stage.CANARY, percent=5), wish(percent=10), RefusedError, "a larger share is a cutover promote"),
        (Flag("a", Stage.GATEWAY), wish(to=Stage.SHADOW, percent=10), UsageError, "belongs to canary"),
    ],
)
def test_a_rollback_that_goes_nowhere_says_so(
    flag: Flag, asked: Wish, error: type[CutoverError], reason: str
) -> None:
    """With the command that would."""
    with pytest.raises(error, match=reason):
        rolled_back(flag, asked)


def test_what_stands_there_already_is_no_move() -> None:
    """So that a glob may hold routes that are there."""
    canary = Flag("a", Stage.CANARY, percent=5.0)
    assert promoted(canary, wish(to=Stage.CANARY, percent=5.0)) is None
    assert promoted(Flag("a", Stage.SHADOW), wish(to=Stage.SHADOW)) is None
    assert rolled_back(Flag("a", Stage.SHADOW), wish(to=Stage.SHADOW)) is None


def test_a_sunset_is_a_day_to_come() -> None:
    """Yesterday, today and what is no date are refused before any flag is looked at, forced or not."""
    today = datetime.now(UTC).date()
    for force in (False, True):
        for day in (today - timedelta(days=1), today):
            with pytest.raises(UsageError, match="a day to come"):
                wish(sunset=day.isoformat(), force=force)
        for text in ("next year", "29990101", "2999-1-1", "2999-02-30"):
            with pytest.raises(UsageError, match="no date: write YYYY-MM-DD"):
                wish(sunset=text, force=force)
    assert wish(sunset=(today + timedelta(days=1)).isoformat()).sunset


def test_a_sunset_can_be_announced_later_and_ends_with_a_rollback() -> None:
    """It belongs to stage gateway and after."""
    gateway = Flag("a", Stage.GATEWAY)
    announced = promoted(gateway, wish(to=Stage.GATEWAY, sunset="2999-01-01"))
    assert announced
    assert announced.sunset == "2999-01-01"
    back = rolled_back(announced, wish())
    assert back
    assert back.sunset == ""


@pytest.mark.parametrize("changes", [{"percent": -1.0}, {"percent": 100.1}, {"percent": float("nan")}])
def test_a_share_that_is_none_is_a_usage_error(changes: dict[str, float]) -> None:
    """For promote and rollback alike."""
    with pytest.raises(UsageError, match="within 0 and 100"):
        wish(**changes)


def test_an_empty_reason_is_a_usage_error() -> None:
    """The audit trail wants one."""
    with pytest.raises(UsageError, match="say why"):
        Wish(by="eva", reason=" ")


def test_a_named_cohort_is_written_once() -> None:
    """Commas and repetitions are understood."""
    assert named(["u1,u2", "u1"], ["o1", ""]) == ("user:u1", "user:u2", "org:o1")


@given(st.sets(st.text(min_size=1), min_size=1, max_size=30), st.text(), st.text())
def test_the_smallest_share_holds_somebody_and_nothing_less_does(subjects: set[str], salt: str, group: str) -> None:
    """To a hundredth of a per cent."""
    least = smallest_percent(salt, group, subjects)
    assert least is not None
    assert holds(Flag("a", Stage.CANARY, percent=least), salt, group, subjects)
    assert not any(in_cohort(salt, group, subject, percent=least - 0.01) for subject in subjects)


def test_a_cohort_without_known_subjects_holds_nobody() -> None:
    """Unless an organisation is named, whose members nobody has listed."""
    canary = Flag("a", Stage.CANARY, percent=100.0)
    assert smallest_percent("s", "g", set()) is None
    assert not holds(canary, "s", "g", set())
    assert holds(replace(canary, percent=0.0, named=("org:o1",)), "s", "g", set())
    assert holds(replace(canary, percent=0.0, named=("user:u1",)), "s", "g", {"u1"})
    assert not holds(replace(canary, percent=0.0, named=("user:u1",)), "s", "g", {"u2"})
