"""What still blocks closing a service's port; pure: evidence in, plan out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gateway.core.errors import UsageError
from gateway.core.routes import Access, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gateway.core.routes import Service
    from gateway.core.table import RouteTable
    from gateway.flags.flag import FlagSnapshot
    from gateway.store.counts import Served
    from migrate.ports.anonymous import Anonymous

_DEFAULT_PORTS = {"http": 80, "https": 443}
_MINUTE = 60
_NAMED = 5
"""Routes named in one line before it says how many more there are."""


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason against closing; `forceable` unless closing this port would be wrong in itself."""

    kind: str
    text: str
    forceable: bool = True


@dataclass(frozen=True, slots=True)
class PortPlan:
    """A service's port, what blocks closing it, and what to know beside that."""

    service: str
    port: int
    blockers: tuple[Blocker, ...] = ()
    notes: tuple[str, ...] = ()
    callers: Mapping[str, int] = field(default_factory=dict)
    anonymous: str = ""

    @property
    def closable(self) -> bool:
        """Whether nothing blocks."""
        return not self.blockers

    def to_json(self) -> dict[str, Any]:
        """The document of `--json`."""
        return {
            "service": self.service,
            "port": self.port,
            "closable": self.closable,
            "blockers": [{"kind": b.kind, "text": b.text, "forceable": b.forceable} for b in self.blockers],
            "notes": list(self.notes),
            "callers": dict(self.callers),
            "anonymous": self.anonymous,
        }


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known now: flags, what was served since the quiet period began, and since when anything is known.

    `now` and `watched_since` are epoch seconds, `quiet` is the period in seconds; None: nothing was ever seen.
    """

    flags: FlagSnapshot
    served: Sequence[Served]
    watched_since: float | None
    now: float
    quiet: float


def service_named(table: RouteTable, name: str) -> Service:
    """The service.

    Raises:
        UsageError: there is none of that name.
    """
    service = table.services.get(name)
    if service is None:
        raise UsageError(f"{name} is no service; known: {', '.join(sorted(table.services))}")
    return service


def port_of(url: str) -> int:
    """The port of a base URL, the scheme's own when it names none."""
    parts = urlsplit(url)
    return parts.port or _DEFAULT_PORTS[parts.scheme]


def is_inherited(table: RouteTable, service: Service) -> bool:
    """Whether the gateway takes this service's port over, which is then never closed."""
    return port_of(f"http://{table.policy.listen}") == port_of(service.legacy)


def port_plan(table: RouteTable, service: Service, evidence: Evidence, anonymous: Anonymous) -> PortPlan:
    """The plan for one service."""
    callers = _callers(table, service, evidence)
    return PortPlan(
        service.name,
        port_of(service.legacy),
        blockers=(
            *_inherited(table, service),
            *_unmoved(table, service, evidence.flags),
            *_not_quiet(callers, evidence),
            *_open_inside(service, anonymous),
        ),
        notes=tuple(_notes(table, service, anonymous)),
        callers=callers,
        anonymous=anonymous.outcome,
    )


def _inherited(table: RouteTable, service: Service) -> Iterator[Blocker]:
    if is_inherited(table, service):
        yield Blocker(
            "inherited",
            f"the gateway listens on port {port_of(service.legacy)} in the end: it is taken over, never closed",
            forceable=False,
        )


def _unmoved(table: RouteTable, service: Service, flags: FlagSnapshot) -> Iterator[Blocker]:
    by_stage: dict[Stage, list[str]] = {}
    for route in table.routes:
        stage = flags.flag(route.id).stage
        if route.service == service.name and route.gateway is not None and stage.rank < Stage.GATEWAY.rank:
            by_stage.setdefault(stage, []).append(route.id)
    for stage, routes in sorted(by_stage.items(), key=lambda entry: entry[0].rank):
        yield Blocker("routes", f"{len(routes)} in {stage}: {_names(routes)}")


def _callers(table: RouteTable, service: Service, evidence: Evidence) -> dict[str, int]:
    own = {route.id for route in table.routes if route.service == service.name}
    since = (evidence.now - evidence.quiet) // _MINUTE
    counts: dict[str, int] = {}
    for entry in evidence.served:
        if entry.side == "legacy" and entry.route in own and entry.ended > since:
            counts[entry.route] = counts.get(entry.route, 0) + entry.requests
    return counts


def _not_quiet(callers: Mapping[str, int], evidence: Evidence) -> Iterator[Blocker]:
    period = _period(evidence.quiet)
    if callers:
        routes = sorted(callers, key=lambda route: -callers[route])
        counted = [f"{route} ({callers[route]})" for route in routes]
        yield Blocker(
            "callers", f"legacy served {sum(callers.values())} calls in the last {period}: {_names(counted)}"
        )
    if evidence.watched_since is None:
        yield Blocker("unwatched", "no traffic was ever seen by a shadow here, so nobody knows who calls this port")
    elif evidence.watched_since > evidence.now - evidence.quiet:
        watched = _period(evidence.now - evidence.watched_since)
        yield Blocker("unwatched", f"traffic has been watched for {watched}, the quiet period is {period}")


def _open_inside(service: Service, anonymous: Anonymous) -> Iterator[Blocker]:
    if anonymous.outcome == "unreachable":
        yield Blocker("unreachable", f"the gateway's way to it, {service.internal}, does not answer")
    if anonymous.outcome == "accepts" and port_of(service.internal) != port_of(service.legacy):
        yield Blocker(
            "anonymous",
            f"accepts anonymous: {service.internal} answers {anonymous.route} without the internal key"
            f" ({anonymous.status}), and closing port {port_of(service.legacy)} does not cover that port",
        )


def _notes(table: RouteTable, service: Service, anonymous: Anonymous) -> Iterator[str]:
    if anonymous.outcome == "accepts" and port_of(service.internal) == port_of(service.legacy):
        yield (
            f"accepts anonymous: {anonymous.route} is answered without the internal key ({anonymous.status});"
            " once the port is closed, loopback and allowed sources alone can do that"
        )
    if anonymous.outcome == "not-asked":
        yield "no read is declared that could be asked without a key, so it is not known whether it accepts anonymous"
    internal = [
        route.id for route in table.routes if route.service == service.name and route.access is Access.INTERNAL
    ]
    if internal:
        yield f"other services call it directly ({_names(internal)}): name their addresses with --allow"


def _names(items: Sequence[str]) -> str:
    more = len(items) - _NAMED
    return ", ".join(items[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _period(seconds: float) -> str:
    for size, name in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.3g} {name}"
    return f"{seconds:.0f} s"
