"""What a load test found: per side and route, with the conditions it was found under. Never imports locust."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from gateway.store.audit import Result
from loadtests.compared import Comparison
from loadtests.histogram import Histogram, merged
from loadtests.judge import Judgement
from loadtests.knee import Capacity, Step
from loadtests.points import Point

if TYPE_CHECKING:
    from collections.abc import Mapping

GATEWAY = "gateway"
LEGACY = "legacy"
_LISTS = frozenset({"judgements", "series", "steps"})


@dataclass(frozen=True, slots=True)
class RouteFigures:
    """One route on one side. `errors` counts reasons; `histogram` holds milliseconds of every answer.

    `timings` are further milliseconds by name, for instance to the first token of a stream.
    """

    route: str
    requests: int
    failures: int
    errors: Mapping[str, int]
    histogram: Histogram
    timings: Mapping[str, Histogram] = field(default_factory=dict)

    @property
    def error_rate(self) -> float:
        """Failures per request, 0 to 1."""
        return self.failures / self.requests if self.requests else 0.0

    def milliseconds(self, share: float) -> float:
        """The latency that `share` of the answers did not exceed."""
        return self.histogram.quantile(share)

    def to_json(self) -> dict[str, Any]:
        """Counts, percentiles in milliseconds and the raw histogram."""
        return {
            "requests": self.requests,
            "failures": self.failures,
            "error_rate": round(self.error_rate, 6),
            "p50_ms": self.milliseconds(0.5),
            "p95_ms": self.milliseconds(0.95),
            "p99_ms": self.milliseconds(0.99),
            "errors": dict(self.errors),
            "histogram": self.histogram.to_json(),
            **({"timings": _timings(self.timings)} if self.timings else {}),
        }

    @classmethod
    def from_json(cls, route: str, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        timings = {name: Histogram.from_json(item["histogram"]) for name, item in value.get("timings", {}).items()}
        histogram = Histogram.from_json(value["histogram"])
        return cls(route, value["requests"], value["failures"], value["errors"], histogram, timings)


@dataclass(frozen=True, slots=True)
class SideFigures:
    """Everything sent to one side, by route id; `seconds` is how long it was under load."""

    seconds: float
    routes: Mapping[str, RouteFigures]

    @property
    def overall(self) -> RouteFigures:
        """All routes taken together, under the name `overall`."""
        figures = self.routes.values()
        errors: dict[str, int] = {}
        for item in figures:
            for reason, count in item.errors.items():
                errors[reason] = errors.get(reason, 0) + count
        return RouteFigures(
            "overall",
            sum(item.requests for item in figures),
            sum(item.failures for item in figures),
            errors,
            merged(item.histogram for item in figures),
            {
                name: merged(item.timings[name] for item in figures if name in item.timings)
                for name in sorted({name for item in figures for name in item.timings})
            },
        )

    def to_json(self) -> dict[str, Any]:
        """The overall figures, requests per second, and `routes`."""
        overall = self.overall
        return {
            "seconds": round(self.seconds, 3),
            "rps": round(overall.requests / self.seconds, 2) if self.seconds else 0.0,
            **overall.to_json(),
            "routes": {name: figures.to_json() for name, figures in sorted(self.routes.items())},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        routes = {name: RouteFigures.from_json(name, item) for name, item in value["routes"].items()}
        return cls(value["seconds"], routes)


@dataclass(frozen=True, slots=True)
class Tick:
    """Answers of one side that came in one second of the load; how many had failed, how many were late."""

    second: int
    side: str
    requests: int
    failed: int
    p50_ms: float
    p95_ms: float
    late: int = 0

    def to_json(self) -> dict[str, Any]:
        """The same as a document."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        return cls(**value)


@dataclass(frozen=True, slots=True)
class LoadResult:
    """A judged load test.

    `reasons` say why it failed and are empty when it passed; `partial` marks a run that was ended early, which
    never passes. `digests` tie it to the routes as they were; `left_out` lists routes that were not called.
    `objectives` are bounds per route that was called, `ratios` the gateway beside legacy per route and `overall`,
    where both had load. `rate` is arrivals a second (0: users wait for answers), `slice` seconds; `steps` and
    `capacity` are those of a search for the knee. `disturbances` are documents of what was done during the load,
    `timeline` is how it went second by second.
    """

    id: str
    started: float
    target: str
    users: int
    run_time: float
    spawn_rate: float
    version: str
    hosts: Mapping[str, str]
    environment: Mapping[str, Any]
    digests: Mapping[str, str]
    sides: Mapping[str, SideFigures]
    objectives: Mapping[str, Mapping[str, Any]]
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    partial: bool = False
    platform: str = ""
    shape: str = "steady"
    rate: float = 0.0
    slice: float = 0.0
    judgements: tuple[Judgement, ...] = ()
    ratios: Mapping[str, Comparison] = field(default_factory=dict)
    series: tuple[Point, ...] = ()
    steps: tuple[Step, ...] = ()
    capacity: Capacity | None = None
    disturbances: tuple[Mapping[str, Any], ...] = ()
    timeline: tuple[Tick, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every objective was met over the whole run time."""
        return not self.reasons and not self.partial

    def to_json(self) -> dict[str, Any]:
        """The document that goes to the store and to `--json`."""
        return {
            "id": self.id,
            "started": self.started,
            "target": self.target,
            "users": self.users,
            "run_time": self.run_time,
            "spawn_rate": self.spawn_rate,
            "version": self.version,
            "hosts": dict(self.hosts),
            "environment": dict(self.environment),
            "digests": dict(self.digests),
            "sides": {name: side.to_json() for name, side in self.sides.items()},
            "ratios": {name: item.to_json() for name, item in self.ratios.items()},
            "objectives": {route: dict(bounds) for route, bounds in self.objectives.items()},
            "judgements": [item.to_json() for item in self.judgements],
            "passed": self.passed,
            "partial": self.partial,
            "reasons": list(self.reasons),
            "notes": list(self.notes),
            "left_out": list(self.left_out),
            "platform": self.platform,
            "shape": self.shape,
            "rate": self.rate,
            "slice": self.slice,
            "series": [point.to_json() for point in self.series],
            "steps": [step.to_json() for step in self.steps],
            "capacity": self.capacity.to_json() if self.capacity else None,
            "disturbances": [dict(one) for one in self.disturbances],
            "timeline": [tick.to_json() for tick in self.timeline],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `to_json`."""
        own = {"passed", "sides", *_LISTS, "reasons", "notes", "left_out", "ratios", "capacity"}
        own |= {"disturbances", "timeline"}
        found = value.get("capacity")
        return cls(
            **{name: item for name, item in value.items() if name not in own},
            sides={name: SideFigures.from_json(item) for name, item in value["sides"].items()},
            reasons=tuple(value["reasons"]),
            notes=tuple(value["notes"]),
            left_out=tuple(value["left_out"]),
            judgements=tuple(Judgement.from_json(item) for item in value["judgements"]),
            ratios={name: Comparison.from_json(item) for name, item in value["ratios"].items()},
            series=tuple(Point(*item) for item in value["series"]),
            steps=tuple(Step.from_json(item) for item in value["steps"]),
            capacity=Capacity.from_json(found) if found else None,
            disturbances=tuple(value.get("disturbances", ())),
            timeline=tuple(Tick.from_json(tick) for tick in value.get("timeline", ())),
        )


def stored(result: LoadResult) -> Result:
    """The row that `gateway.store.audit.put_result` takes; `kind` is loadtest."""
    return Result(result.id, "loadtest", result.started, result.passed, result.to_json())


def _timings(timings: Mapping[str, Histogram]) -> dict[str, Any]:
    return {
        name: {
            "answers": histogram.total,
            **{f"p{round(share * 100)}_ms": histogram.quantile(share) for share in (0.5, 0.95, 0.99)},
            "histogram": histogram.to_json(),
        }
        for name, histogram in sorted(timings.items())
    }
