from __future__ import annotations

import pytest

from gateway.config import load_table
from gateway.core.errors import UsageError
from gateway.core.objectives import EVERY, Aim
from loadtests.shapes import Shape
from migrate.commands.load_options import objectives, rate, run_time, seconds
from tests.apps.route_tables import GOOD, written


@pytest.mark.parametrize(("text", "value"), [("90", 90), ("90s", 90), ("5m", 300), ("1h30m", 5400), ("2.5s", 2.5)])
def test_durations_are_read(text: str, value: float) -> None:
    """Seconds, minutes and hours, alone or together."""
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "s", "5d", "m5", "-3s", "1h 30m"])
def test_other_durations_are_usage_errors(text: str) -> None:
    """What is no duration is refused."""
    with pytest.raises(UsageError, match="--run-time"):
        seconds(text)


def test_the_run_time_goes_by_the_shape() -> None:
    """Unless it is said."""
    assert (run_time(None, Shape.STEADY), run_time(None, Shape.SOAK), run_time("5m", Shape.SOAK)) == (30, 3600, 300)


def test_a_rate_is_arrivals_a_second() -> None:
    """None means users; a number without its unit is refused with what to write."""
    assert (rate(None), rate("50/s"), rate("300/m")) == (0.0, 50.0, 5.0)
    with pytest.raises(UsageError, match=r"--rate 50: .*write 50/s"):
        rate("50")


def test_plain_latencies_are_milliseconds() -> None:
    """Others carry their unit; what is not given overrules nothing."""
    table = load_table(written(GOOD), {})
    found = objectives(table, ["read.p99=2s"], {"p95": "250", "added": "0.02s", "first_token": None}, errors="1%")
    assert found[EVERY].bounds == {Aim.P95: 0.25, Aim.ADDED: 0.02, Aim.ERRORS: 0.01}
    assert found["read"].bounds == {Aim.P99: 2.0}
