from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.core.errors import UsageError
from loadtests.during.order import Action, Disturbances, due, named, parsed, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("flip deployments.*", Action("flip deployments.*", "flip", "deployments.*")),
        ("kill gateway", Action("kill gateway", "kill", "gateway")),
        (" stop  redis ", Action("stop  redis", "stop", "redis")),
        ("kill gateway at 10s", Action("kill gateway at 10s", "kill", "gateway", at=10.0)),
        ("kill gateway at 1m30s", Action("kill gateway at 1m30s", "kill", "gateway", at=90.0)),
        ("stop redis at 40% for 2.5s", Action("stop redis at 40% for 2.5s", "stop", "redis", share=0.4, lasts=2.5)),
        ("stop redis for 3 at 0", Action("stop redis for 3 at 0", "stop", "redis", at=0.0, lasts=3.0)),
        (
            "run echo 'meet at' noon at 5",
            Action("run echo 'meet at' noon at 5", "run", "echo 'meet at' noon", at=5.0),
        ),
        ("run sleep 3", Action("run sleep 3", "run", "sleep 3")),
    ],
)
def test_an_action_is_read(text: str, expected: Action) -> None:
    """What, to whom, and at the end when and for how long, in either order."""
    assert parsed([text]) == (expected,)


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("", "flip PATTERN, kill NAME, stop NAME or run COMMAND"),
        ("restart gateway", "flip PATTERN"),
        ("kill", "needs a process"),
        ("flip at 10s", "needs a pattern"),
        ("kill the gateway", "one process by its name"),
        ("kill gateway at noon", "one process by its name"),
        ("kill gateway at 1s at 2s", "says 'at' twice"),
        ("stop redis for 10%", "how long in seconds"),
        ("run 'half", "quotation"),
    ],
)
def test_what_cannot_be_done_is_a_usage_error(text: str, match: str) -> None:
    """With what to write instead."""
    with pytest.raises(UsageError, match=match):
        parsed([text])


def test_without_a_moment_it_is_the_middle() -> None:
    """One alone in the middle, several spread evenly; what has its moment keeps it."""
    flip, kill, stop = parsed(["flip *", "kill gateway at 3s", "stop redis"])
    assert [one.at for one in due([flip], 30)] == [15.0]
    assert [one.at for one in due([flip, kill, stop], 30)] == [10.0, 3.0, 20.0]
    assert [one.at for one in due(parsed(["flip * at 40%"]), 30)] == [12.0]


def test_how_long_is_what_is_said_or_usual_for_the_kind() -> None:
    """A fifth of the run time at most; a command lasts until it ends."""
    actions = parsed(["flip *", "kill gateway", "stop redis", "run true", "stop redis for 9s"])
    assert [one.lasts for one in due(actions, 600)] == [10.0, 1.0, 5.0, 0.0, 9.0]
    assert [one.lasts for one in due(actions, 10)] == [2.0, 1.0, 2.0, 0.0, 9.0]


@pytest.mark.parametrize("text", ["flip * at 30s", "flip * at 1m", "flip * at 100%"])
def test_a_moment_after_the_end_is_a_usage_error(text: str) -> None:
    """It would never come."""
    with pytest.raises(UsageError, match="the load has ended by then, it takes 30 s"):
        due(parsed([text]), 30)


@settings(deadline=None)
@given(st.integers(1, 6), st.floats(1, 5000))
def test_moments_lie_within_the_load_and_in_order(count: int, run_time: float) -> None:
    """However many there are and however long it is."""
    moments = [one.at for one in due(parsed([f"flip {n}" for n in range(count)]), run_time)]
    assert moments == sorted(set(moments))
    assert moments[0] > 0
    assert moments[-1] < run_time


def test_equal_actions_have_moments_of_their_own() -> None:
    """The same twice is two, not one at once with itself."""
    assert [one.at for one in due(parsed(["kill gateway", "kill gateway"]), 30)] == [10.0, 20.0]


def test_a_process_must_be_named() -> None:
    """Nothing is looked for by its name; a name that nothing happens to is a slip."""
    kill = parsed(["kill gateway"])
    with pytest.raises(UsageError, match="--process gateway=PID or --process gateway=PIDFILE"):
        Disturbances(kill)
    with pytest.raises(UsageError, match="nothing is to happen to redis"):
        Disturbances(kill, {"gateway": "12", "redis": "13"})
    with pytest.raises(UsageError, match="--restart redis"):
        Disturbances(kill, {"gateway": "12"}, {"redis": "x"})
    with pytest.raises(UsageError, match="not negative"):
        Disturbances(kill, {"gateway": "12"}, max_failed=-1)


def test_flags_and_stores_that_are_away_cost_no_request() -> None:
    """Unless the operator allows more; a killed process may fail what it was asked until it is back."""
    usual = Disturbances(())
    assert [usual.failed_allowed(verb) for verb in ("flip", "stop", "kill", "run")] == [0, 0, None, None]
    assert usual.recovery_allowed == 10
    given = Disturbances((), max_failed=7, max_recovery=2.5)
    assert [given.failed_allowed(verb) for verb in ("flip", "kill")] == [7, 7]
    assert given.recovery_allowed == 2.5


def test_names_and_values_are_told_apart() -> None:
    """At the first equals sign; one without a name, without a value or given twice is refused."""
    assert named("restart", ["gateway=env A=b run", "redis = /run/r.pid"]) == {
        "gateway": "env A=b run", "redis": "/run/r.pid",
    }  # fmt: skip
    for wrong in (["gateway"], ["=x"], ["gateway="], ["a=1", "a=2"]):
        with pytest.raises(UsageError, match="--process"):
            named("process", wrong)


def test_a_command_is_words_for_no_shell() -> None:
    """Quotes hold words together; nothing else means anything."""
    assert words("a 'b c' $HOME ; d") == ["a", "b c", "$HOME", ";", "d"]
    with pytest.raises(UsageError):
        words("  ")
