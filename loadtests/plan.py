"""What a load test does, as one value; it travels to the locust process through the environment."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.core.errors import ConfigError, UsageError
from gateway.core.routes import Stage
from loadtests import promises
from loadtests.arrival import streams_for
from loadtests.climb import SLICES
from loadtests.knee import Search
from loadtests.results import GATEWAY, LEGACY
from loadtests.runners import Runners
from loadtests.shapes import Course, Shape
from loadtests.workload import Workload
from loadtests.workload import from_environment as workload_from

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.objectives import ClassObjectives
    from gateway.core.table import RouteTable
    from gateway.flags.flag import FlagSnapshot

BOTH = "both"
TARGETS = (GATEWAY, LEGACY, BOTH)
_SLICES, _SHORTEST, _LONGEST = 24, 0.25, 5.0


@dataclass(frozen=True, slots=True)
class Outputs:
    """Files of locust's own that are wished for: an HTML page, and a prefix for its CSV files."""

    html: Path | None = None
    csv: Path | None = None


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """One load test. `run_time` and `slice` are seconds, `spawn_rate` users a second, `think` scales think times.

    `shape` says how the load goes over time; a `spike` is so many times the load, a search for the knee takes `step`
    seconds a level and goes up to the load at most. With a `rate` of arrivals a second, nobody waits for answers, and
    `users` is not used. A `slice` or `step` of 0 is chosen by the run time. `objectives` overrule the table's.
    `hosts` replace configured addresses by service name, or `gateway`; `owned` are hosts beyond the
    configuration that the operator answers for; `left_out` are route ids that are not called. `detailed` keeps routes
    in the figures by second too.

    Raises:
        UsageError: a number or the target makes no sense.
    """

    config: Path
    target: str = GATEWAY
    users: int = 5
    run_time: float = 30.0
    spawn_rate: float = 5.0
    think: float = 1.0
    shape: Shape = Shape.STEADY
    rate: float = 0.0
    spike: float = 5.0
    step: float = 0.0
    slice: float = 0.0
    hosts: Mapping[str, str] = field(default_factory=dict)
    owned: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    objectives: Mapping[str, ClassObjectives] = field(default_factory=dict)
    outputs: Outputs = Outputs()
    workload: Workload = field(default_factory=Workload)
    runners: Runners = field(default_factory=Runners)
    detailed: bool = False

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise UsageError(f"--target is one of {', '.join(TARGETS)}, not {self.target}")
        if self.users < 1 or self.spawn_rate <= 0 or self.run_time < 1:
            raise UsageError("a load test needs at least one user, a spawn rate above 0 and one second")
        if self.slice < 0 or self.step < 0 or self.think < 0 or self.rate < 0:
            raise UsageError("a slice, a step, a rate and a think time factor are not negative")
        if self.spike <= 1:
            raise UsageError("a spike is more than once the load")
        if self.shape is Shape.KNEE and self.target == BOTH:
            raise UsageError(
                "--shape knee looks for one side's capacity; name it: --target gateway or --target legacy"
            )

    @property
    def sides(self) -> tuple[str, ...]:
        """The sides that get load, the baseline first."""
        return (LEGACY, GATEWAY) if self.target == BOTH else (self.target,)

    @property
    def course(self) -> Course:
        """The load over time, in users or arrivals a second."""
        return Course(self.shape, self.rate or self.users, self.run_time, self.spike)

    @property
    def streams(self) -> int:
        """How many streams of arrivals make up the rate; 0 when users wait for answers."""
        return streams_for(self.rate) if self.rate else 0

    @property
    def quantum(self) -> float:
        """The smallest change of the load: one user, or one stream of arrivals."""
        return self.rate / self.streams if self.rate else 1.0

    @property
    def slice_length(self) -> float:
        """Seconds of a slice: at least two dozen in a run, so that there are pairs enough to compare."""
        if self.shape is Shape.KNEE:
            return self.step_length / SLICES
        return self.slice or max(_SHORTEST, min(_LONGEST, self.run_time / _SLICES))

    @property
    def step_length(self) -> float:
        """Seconds for which a search for the knee holds a level."""
        return self.step or max(2.0, min(10.0, self.run_time / 30))

    @property
    def search(self) -> Search:
        """Where a search for the knee begins and ends."""
        return Search(max(self.quantum, self.course.level / 32), self.quantum, self.course.level)


def unserved(table: RouteTable, flags: FlagSnapshot) -> tuple[str, ...]:
    """Exposed routes that the gateway answers with 404 as the flags stand: never past shadow. For `left_out`."""
    return tuple(
        route.id
        for route in table.routes
        if route.gateway is not None
        and flags.flag(route.id).stage.rank <= Stage.SHADOW.rank
        and not flags.flag(route.id).left_shadow
    )


def to_environment(plan: LoadPlan, directory: Path) -> dict[str, str]:
    """Variables from which `from_environment` in the locust process reads the plan; no secret is among them."""
    return {
        "CUTOVER_CONFIG": str(plan.config),
        "CUTOVER_LOAD_TARGET": plan.target,
        "CUTOVER_LOAD_THINK": str(plan.think),
        "CUTOVER_LOAD_SLICE": str(plan.slice_length),
        "CUTOVER_LOAD_SHAPE": plan.shape,
        "CUTOVER_LOAD_USERS": str(plan.users),
        "CUTOVER_LOAD_RATE": str(plan.rate),
        "CUTOVER_LOAD_RUN_TIME": str(plan.run_time),
        "CUTOVER_LOAD_SPAWN_RATE": str(plan.spawn_rate),
        "CUTOVER_LOAD_SPIKE": str(plan.spike),
        "CUTOVER_LOAD_STEP": str(plan.step),
        "CUTOVER_LOAD_OBJECTIVES": json.dumps(promises.to_json(plan.objectives)),
        "CUTOVER_LOAD_HOSTS": json.dumps(dict(plan.hosts)),
        "CUTOVER_LOAD_OWNED": ",".join(plan.owned),
        "CUTOVER_LOAD_LEFT_OUT": ",".join(plan.left_out),
        "CUTOVER_LOAD_DIRECTORY": str(directory),
        "CUTOVER_LOAD_DETAILED": "1" if plan.detailed else "",
        **plan.workload.to_environment(),
    }


def shared(plan: LoadPlan) -> dict[str, str]:
    """What of the plan a worker elsewhere follows: not where files are, and not which strangers are owned."""
    own = {"CUTOVER_CONFIG", "CUTOVER_LOAD_DIRECTORY", "CUTOVER_LOAD_OWNED"}
    return {name: value for name, value in to_environment(plan, Path()).items() if name not in own}


def from_environment(environment: Mapping[str, str]) -> LoadPlan:
    """The plan a locust process follows; of a steady load users, spawn rate and run time are locust's options there.

    Raises:
        ConfigError: a variable holds no number or no JSON object.
        UsageError: a value makes no sense.
    """
    hosts = environment.get("CUTOVER_LOAD_HOSTS", "") or "{}"
    try:
        return LoadPlan(
            config=Path(environment.get("CUTOVER_CONFIG", "cutover.yaml")),
            target=environment.get("CUTOVER_LOAD_TARGET", GATEWAY),
            think=float(environment.get("CUTOVER_LOAD_THINK", "1")),
            slice=float(environment.get("CUTOVER_LOAD_SLICE", "5")),
            shape=Shape(environment.get("CUTOVER_LOAD_SHAPE", Shape.STEADY)),
            users=int(environment.get("CUTOVER_LOAD_USERS", "5")),
            rate=float(environment.get("CUTOVER_LOAD_RATE", "0")),
            run_time=float(environment.get("CUTOVER_LOAD_RUN_TIME", "30")),
            spawn_rate=float(environment.get("CUTOVER_LOAD_SPAWN_RATE", "5")),
            spike=float(environment.get("CUTOVER_LOAD_SPIKE", "5")),
            step=float(environment.get("CUTOVER_LOAD_STEP", "0")),
            objectives=promises.from_json(json.loads(environment.get("CUTOVER_LOAD_OBJECTIVES", "") or "{}")),
            hosts={str(name): str(url) for name, url in dict(json.loads(hosts)).items()},
            owned=_names(environment.get("CUTOVER_LOAD_OWNED", "")),
            left_out=_names(environment.get("CUTOVER_LOAD_LEFT_OUT", "")),
            workload=workload_from(environment),
            detailed=bool(environment.get("CUTOVER_LOAD_DETAILED")),
        )
    except (ValueError, TypeError) as error:
        raise ConfigError(f"a CUTOVER_LOAD_ variable is not readable: {error}") from None


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)
