"""The frozen route table and its lookups."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from gateway.core.mirroring import Mirroring
from gateway.core.objectives import LoadPolicy
from gateway.core.path import PathPattern
from gateway.core.policy import Limit, Policy
from gateway.core.readings import folded
from gateway.core.retention import USUAL, Retention
from gateway.core.routes import Change, Kind, Route, Service, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gateway.core.exercise import Example


@dataclass(frozen=True, slots=True)
class Matched:
    """A route with the raw path parameters of the target that matched."""

    route: Route
    target: Target
    parameters: Mapping[str, str]


class Lookup:
    """(method, upgrade, raw path) to the most specific entry; built once, read by every request."""

    def __init__(self, entries: Iterable[tuple[Target, Route]]) -> None:
        self._exact: dict[tuple[str, bool, str], Matched] = {}
        self._patterns: dict[tuple[str, bool, int], list[tuple[Target, Route]]] = {}
        self._greedy: dict[tuple[str, bool], list[tuple[Target, Route]]] = {}
        for target, route in entries:
            socket = route.kind is Kind.WEBSOCKET
            path = target.path
            if not path.names:
                self._exact[target.method, socket, path.text] = Matched(route, target, {})
            elif path.text.endswith("*}"):
                self._greedy.setdefault((target.method, socket), []).append((target, route))
            else:
                key = (target.method, socket, len(path.segments))
                self._patterns.setdefault(key, []).append((target, route))
        for entries_ in (*self._patterns.values(), *self._greedy.values()):
            entries_.sort(key=lambda entry: entry[0].path.rank())

    def find(self, method: str, raw_path: str, *, upgrade: bool = False) -> Matched | None:
        """The most specific route for a request, or None. `upgrade` means a WebSocket handshake."""
        exact = self._exact.get((method, upgrade, raw_path))
        if exact is not None:
            return exact
        for target, route in self._candidates(method, raw_path, upgrade=upgrade):
            parameters = target.path.match(raw_path)
            if parameters is not None:
                return Matched(route, target, parameters)
        return None

    def methods(self, raw_path: str) -> list[str]:
        """Methods some plain route answers on this path, sorted; for 405 and Allow."""
        known = {method for method, *_ in self._exact} | {method for method, *_ in self._patterns}
        known |= {method for method, _ in self._greedy}
        return sorted(method for method in known if self.find(method, raw_path))

    def _candidates(self, method: str, raw_path: str, *, upgrade: bool) -> Iterator[tuple[Target, Route]]:
        yield from self._patterns.get((method, upgrade, raw_path.count("/")), ())
        yield from self._greedy.get((method, upgrade), ())


@dataclass(frozen=True)
class RouteTable:
    """Services, routes, intended changes and policy of one platform; immutable, swapped whole.

    `folder` is where its file stands: names of further files are relative to it. `examples` are those of calls, by
    route id; they decide nothing of how a route behaves, so that they are part of no digest. Neither does `load`,
    what is promised under load.
    """

    platform: str
    services: Mapping[str, Service]
    routes: tuple[Route, ...]
    changes: tuple[Change, ...] = ()
    limits: Mapping[str, Limit] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    mirroring: Mirroring = field(default_factory=Mirroring)
    folder: str = field(default="", compare=False)
    retention: Retention = USUAL
    examples: Mapping[str, tuple[Example, ...]] = field(default_factory=dict, compare=False)
    load: LoadPolicy = field(default_factory=LoadPolicy, compare=False)

    def __post_init__(self) -> None:
        legacy: dict[str, Lookup] = {}
        for service in self.services:
            legacy[service] = Lookup(
                (target, route)
                for route in self.routes
                if route.service == service
                for target in route.legacy_targets
            )
        loose = {
            service: Lookup(
                (Target(target.method, PathPattern(folded(target.path.text))), route)
                for route in self.routes
                if route.service == service
                for target in route.legacy_targets
            )
            for service in self.services
        }
        exposed = Lookup((route.gateway, route) for route in self.routes if route.gateway is not None)
        object.__setattr__(self, "_legacy", legacy)
        object.__setattr__(self, "_loose", loose)
        object.__setattr__(self, "_exposed", exposed)
        object.__setattr__(self, "_memo", {})
        object.__setattr__(self, "_by_id", {route.id: route for route in self.routes})

    @property
    def memo(self) -> dict[Any, Any]:
        """What others have worked out from this table alone; bounded by whoever fills it, and gone with the table."""
        memo: dict[Any, Any] = self.__dict__["_memo"]
        return memo

    def legacy(self, service: str) -> Lookup:
        """Lookup over a service's legacy targets and aliases."""
        lookup: Lookup = self.__dict__["_legacy"][service]
        return lookup

    def loose(self, service: str) -> Lookup:
        """Lookup over a service's legacy targets by `core.readings.folded` paths."""
        lookup: Lookup = self.__dict__["_loose"][service]
        return lookup

    @property
    def exposed(self) -> Lookup:
        """Lookup over gateway targets; internal routes are not in it."""
        lookup: Lookup = self.__dict__["_exposed"]
        return lookup

    def route(self, route_id: str) -> Route | None:
        """The route with this id, or None."""
        by_id: dict[str, Route] = self.__dict__["_by_id"]
        return by_id.get(route_id)

    def select(self, *globs: str) -> tuple[Route, ...]:
        """Exposed routes whose id matches any of the globs, in table order."""
        return tuple(
            route
            for route in self.routes
            if route.gateway is not None and any(fnmatchcase(route.id, glob) for glob in globs)
        )
