"""What is promised of routes under load: objectives by class, and which of them apply to a route."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gateway.core.routes import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.core.routes import Route

DEFAULT = "default"
"""The class of every route; an effect's class says more than it, a limit class more than that."""
EVERY = "*"
"""The class whose word is the last on every route: what the command line says without naming a class."""


class Aim(StrEnum):
    """What an objective bounds.

    `p50` to `p99` are latencies, `first_token` the 95th percentile until the first token of a stream, `token_gap`
    that of the longest pause in a stream: seconds. `errors` is a share of 0 to 1. `ratio` is the gateway's median
    over legacy's, `added` the one less the other in seconds, where both sides are loaded.
    """

    P50 = "p50"
    P95 = "p95"
    P99 = "p99"
    ERRORS = "errors"
    RATIO = "ratio"
    ADDED = "added"
    FIRST_TOKEN = "first_token"  # noqa: S105 - a word
    TOKEN_GAP = "token_gap"  # noqa: S105 - a word


OF_STREAMS = frozenset({Aim.FIRST_TOKEN, Aim.TOKEN_GAP})
"""What is promised of streams only."""


@dataclass(frozen=True, slots=True)
class ClassObjectives:
    """What one class says: a bound for an aim, None where it takes an inherited one away.

    `required` are the aims that must be proven, not merely not refuted; None inherits.
    """

    bounds: Mapping[Aim, float | None] = field(default_factory=dict)
    required: frozenset[Aim] | None = None


@dataclass(frozen=True, slots=True)
class Promised:
    """What holds for one route: its bounds, and those among them that must be proven."""

    bounds: Mapping[Aim, float]
    required: frozenset[Aim] = frozenset()


USUAL: Mapping[str, ClassObjectives] = {
    DEFAULT: ClassObjectives({Aim.P95: 0.5, Aim.P99: 2.0, Aim.ERRORS: 0.001}),
    "metered": ClassObjectives({Aim.P95: 60.0, Aim.P99: 120.0, Aim.FIRST_TOKEN: 5.0}),
}
"""What is promised where the route table says nothing; a model takes its time."""


@dataclass(frozen=True, slots=True)
class LoadPolicy:
    """The `loadtest:` section: objectives by class, the requests a second that must be sustained (0: not said).

    `exempt` are globs over ids of routes that are put under no load, so that readiness asks for none.
    """

    classes: Mapping[str, ClassObjectives] = field(default_factory=dict)
    capacity: float = 0.0
    exempt: tuple[str, ...] = ()

    def is_exempt(self, route_id: str) -> bool:
        """Whether the route is declared to be put under no load."""
        return any(fnmatchcase(route_id, glob) for glob in self.exempt)


def promised(route: Route, *layers: Mapping[str, ClassObjectives]) -> Promised:
    """What holds for a route, aim by aim: its limit class before its effect before `default`.

    Within one class a later layer counts before an earlier one, and every layer before `USUAL`.
    """
    bounds: dict[Aim, float | None] = {}
    required: frozenset[Aim] = frozenset()
    for name in dict.fromkeys((DEFAULT, str(route.effect), route.limit, EVERY)):
        for said in _said(name, (USUAL, *layers)):
            bounds.update(said.bounds)
            required = said.required if said.required is not None else required
    kept = {aim: bound for aim, bound in bounds.items() if bound is not None}
    if route.kind is not Kind.SSE:
        kept = {aim: bound for aim, bound in kept.items() if aim not in OF_STREAMS}
    return Promised(kept, required & kept.keys())


def _said(name: str, layers: Iterable[Mapping[str, ClassObjectives]]) -> list[ClassObjectives]:
    return [layer[name] for layer in layers if name in layer]
