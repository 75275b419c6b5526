from __future__ import annotations

import pytest

from gateway.core.errors import UsageError
from loadtests.workload import Workload, from_environment, persona_weights


def test_the_workload_travels_through_the_environment() -> None:
    """Weights, mix, permissions and the run's name arrive in the locust process unchanged."""
    sent = Workload({"api": 2, "logs": 1}, {"auth.me": 3.0}, True, True, "r1", ("nosana/n-1",))  # noqa: FBT003
    assert from_environment(sent.to_environment()) == sent
    assert from_environment({}) == Workload()


def test_weights_are_written_as_people_write_them() -> None:
    """Once or several times, with or without a weight."""
    assert persona_weights(["dashboard=5, api", "node=0"]) == {"dashboard": 5, "api": 1, "node": 0}
    assert Workload(persona_weights(["dashboard=5,node=0"])).chosen == {"dashboard": 5}
    with pytest.raises(UsageError, match="whole number"):
        persona_weights(["api=x"])


@pytest.mark.parametrize("wrong", [{"personas": {"boss": 1}}, {"personas": {"api": 0}}, {"mix": {"auth.me": -1.0}}])
def test_senseless_workloads_are_usage_errors(wrong: dict[str, dict[str, int]]) -> None:
    """Unknown personas, no weight at all and negative counts are refused."""
    with pytest.raises(UsageError):
        Workload(**wrong)  # type: ignore[arg-type]


def test_a_mix_replaces_the_personas() -> None:
    """Who called is not in a mix, so one user calls as all of them did."""
    assert Workload({"api": 2}, {"auth.me": 1.0}).chosen == {"mixed": 1}
