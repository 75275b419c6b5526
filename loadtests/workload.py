"""Who loads the platform with what: personas by weight, or a mix of routes; and whether anything is written."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.core.errors import UsageError
from loadtests.personas import MIXED, PERSONAS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DECLARED = "declared"
OBSERVED = "observed"
API_KEY = "CUTOVER_LOAD_API_KEY"
_TRUE = {"1", "true", "yes"}


@dataclass(frozen=True, slots=True)
class Workload:
    """`personas` are weights by name; a `mix` (counts by route id) replaces them by one that calls as was observed.

    `writes` allows calls that create and delete things. `keep_uploads` lets the uploader store files, which the
    platform cannot delete again. `run` is the run's own part of every created name.
    `nodes` (PROVIDER/INSTANCE) are those that send heartbeats.

    Raises:
        UsageError: a persona is unknown, or a weight makes no sense.
    """

    personas: Mapping[str, int] = field(default_factory=lambda: {"dashboard": 1})
    mix: Mapping[str, float] = field(default_factory=dict)
    writes: bool = False
    keep_uploads: bool = False
    run: str = "plain"
    nodes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unknown = [name for name in self.personas if name not in PERSONAS]
        if unknown:
            raise UsageError(f"--persona {unknown[0]} is not known; there are {', '.join(PERSONAS)}")
        if any(weight < 0 for weight in self.personas.values()) or not any(self.personas.values()):
            raise UsageError("--persona needs at least one weight above 0 and none below")
        if any(count < 0 for count in self.mix.values()):
            raise UsageError("a mix has no counts below 0")

    @property
    def chosen(self) -> dict[str, int]:
        """The personas that get users, with their weights; the mixed one alone when there is a mix."""
        if self.mix:
            return {MIXED: 1}
        return {name: weight for name, weight in self.personas.items() if weight}

    def to_environment(self) -> dict[str, str]:
        """Variables that `from_environment` reads."""
        return {
            "CUTOVER_LOAD_PERSONAS": ",".join(f"{name}={weight}" for name, weight in self.personas.items()),
            "CUTOVER_LOAD_MIX": json.dumps(dict(self.mix)),
            "CUTOVER_LOAD_WRITES": "1" if self.writes else "",
            "CUTOVER_LOAD_KEEP_UPLOADS": "1" if self.keep_uploads else "",
            "CUTOVER_LOAD_RUN": self.run,
            **({"CUTOVER_LOAD_NODES": ",".join(self.nodes)} if self.nodes else {}),
        }


def from_environment(environment: Mapping[str, str]) -> Workload:
    """The workload of a locust process.

    Raises:
        UsageError: a persona or weight makes no sense.
        ValueError: the mix is no JSON object of numbers.
    """
    mix = json.loads(environment.get("CUTOVER_LOAD_MIX", "") or "{}")
    return Workload(
        personas=persona_weights([environment.get("CUTOVER_LOAD_PERSONAS", "")]) or {"dashboard": 1},
        mix={str(route): float(count) for route, count in dict(mix).items()},
        writes=environment.get("CUTOVER_LOAD_WRITES", "").lower() in _TRUE,
        keep_uploads=environment.get("CUTOVER_LOAD_KEEP_UPLOADS", "").lower() in _TRUE,
        run=environment.get("CUTOVER_LOAD_RUN", "") or "plain",
        nodes=tuple(name for name in environment.get("CUTOVER_LOAD_NODES", "").split(",") if name),
    )


def persona_weights(values: Iterable[str]) -> dict[str, int]:
    """`dashboard=5,api=1`, once or several times, as weights; a name alone weighs 1.

    Raises:
        UsageError: a weight is no whole number.
    """
    found: dict[str, int] = {}
    for item in (item.strip() for value in values for item in value.split(",") if item.strip()):
        name, _, weight = item.partition("=")
        if weight and not weight.isdecimal():
            raise UsageError(f"--persona {item}: write NAME=WEIGHT with a whole number, for instance api=2")
        found[name] = int(weight or 1)
    return found
