from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import load_table
from gateway.core.errors import ConfigError, UsageError
from gateway.core.routes import Stage
from gateway.flags.flag import Flag, FlagSnapshot
from loadtests.plan import LoadPlan, from_environment, shared, to_environment, unserved
from loadtests.shapes import Shape
from loadtests.workload import Workload
from tests.apps.load_target import table


def test_the_plan_travels_through_the_environment() -> None:
    """What concerns the locust process arrives there unchanged."""
    hosts, out = {"gateway": "http://h:1"}, ("a", "b")
    kept = {"think": 0.5, "slice": 2.0, "hosts": hosts, "owned": ("h",), "left_out": out, "detailed": True}
    plan = LoadPlan(Path("some.yaml"), "both", **kept)  # type: ignore[arg-type]
    arrived = from_environment(to_environment(plan, Path("dir")))
    same = ("config", "target", "think", "slice", "hosts", "owned", "left_out", "detailed")
    assert [getattr(arrived, name) for name in same] == [getattr(plan, name) for name in same]


def test_a_worker_elsewhere_gets_no_files_and_no_leave(tmp_path: Path) -> None:
    """Where files stand and which strangers are owned is each machine's own; all else it follows."""
    plan = LoadPlan(tmp_path / "c.yaml", owned=("h",), workload=Workload({"api": 2}, run="r1"))
    told = from_environment(shared(plan))
    assert (told.config, told.owned, told.workload) == (Path("cutover.yaml"), (), plan.workload)


def test_short_runs_get_short_slices() -> None:
    """Both sides get four slices in two seconds."""
    arrived = from_environment(to_environment(LoadPlan(Path("x"), "both", run_time=2.0), Path("dir")))
    assert arrived.slice_length == 0.25


def test_an_empty_environment_is_a_plain_locust_run() -> None:
    """Without variables the gateway of ./cutover.yaml is loaded."""
    plan = from_environment({})
    assert (plan.config, plan.target, plan.sides) == (Path("cutover.yaml"), "gateway", ("gateway",))


@pytest.mark.parametrize("variable", ["CUTOVER_LOAD_THINK", "CUTOVER_LOAD_SLICE", "CUTOVER_LOAD_HOSTS"])
def test_unreadable_variables_are_a_configuration_error(variable: str) -> None:
    """A word where a number or an object stands is one clear line."""
    with pytest.raises(ConfigError, match="CUTOVER_LOAD_"):
        from_environment({variable: "[soon"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"target": "shadow"},
        {"users": 0},
        {"run_time": 0.5},
        {"spawn_rate": 0},
        {"think": -1},
        {"slice": -1},
        {"spike": 1},
        {"target": "both", "shape": Shape.KNEE},
        {"rate": -1},
    ],
)
def test_senseless_plans_are_usage_errors(wrong: dict[str, object]) -> None:
    """A plan that cannot be run is not made."""
    with pytest.raises(UsageError):
        LoadPlan(Path("x"), **wrong)  # type: ignore[arg-type]


def test_routes_never_past_shadow_are_unserved(tmp_path: Path) -> None:
    """The gateway answers 404 for them; canary and later, and what was there once, is served."""
    (tmp_path / "cutover.yaml").write_text(table(1))
    flags = {
        "auth.me": Flag("auth.me", Stage.SHADOW),
        "keys.list": Flag("keys.list", Stage.CANARY),
        "pools.list": Flag("pools.list", Stage.LEGACY, left_shadow=True),
    }
    found = unserved(load_table(tmp_path / "cutover.yaml"), FlagSnapshot(1, "s", flags))
    assert found == ("auth.login", "status.health", "auth.me", "deployments.list", "deployments.get")


def test_internal_routes_are_not_waited_for() -> None:
    """They are never exposed, so no flag will ever let the gateway serve them."""
    preset = load_table(Path("migrate/presets/inferia.yaml"), {})
    assert not [name for name in unserved(preset, FlagSnapshot(1, "s", {})) if name.startswith("internal.")]
