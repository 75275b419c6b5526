"""Serving by another table: what changes, and what only a restart can change. Pure but for the state."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.core.digest import table_digest
from gateway.core.errors import RefusedError
from gateway.metrics import series

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable

FIXED = ("listen", "internal_listen", "tls")
"""Members of `Policy` that are read once, at the start."""
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Swap:
    """One table after another: the routes, services, limit classes and members of the policy that differ, by name."""

    digest: str
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    policy: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [
            f"{len(names)} {_noun(len(names), what)} {verb} ({_listed(names)})"
            for names, what, verb in (
                (self.added, "route", "added"),
                (self.removed, "route", "removed"),
                (self.changed, "route", "changed"),
                (self.services, "service", "changed"),
                (self.limits, "limit", "changed"),
                (self.policy, "setting", "changed"),
            )
            if names
        ]
        return f"{', '.join(parts) or 'nothing changed'}; table {self.digest}"


@dataclass(slots=True)
class Reloads:
    """What became of the attempts to swap the table; `problems` are those of the last one, if it was refused."""

    digest: str = ""
    done: int = 0
    refused: int = 0
    problems: tuple[str, ...] = ()

    def succeeded(self, digest: str) -> None:
        """A table is served now."""
        self.digest, self.done, self.problems = digest, self.done + 1, ()

    def failed(self, problems: str) -> None:
        """The old table stays; `problems` holds one a line."""
        self.refused, self.problems = self.refused + 1, tuple(problems.splitlines())

    @property
    def gauges(self) -> Mapping[str, float]:
        """The state as metrics of this moment."""
        return {
            "cutover_reload_failed": int(bool(self.problems)),
            series("cutover_reloads_total", result="done"): self.done,
            series("cutover_reloads_total", result="refused"): self.refused,
        }


def swap_of(old: RouteTable, new: RouteTable) -> Swap:
    """What differs; a route also counts as changed when its service or its limit class is another.

    Raises:
        RefusedError: the new table changes what a running process cannot; one line for each.
    """
    problems = _fixed(old, new)
    if problems:
        raise RefusedError("\n".join(problems))
    was, will = {route.id: route for route in old.routes}, {route.id: route for route in new.routes}
    return Swap(
        table_digest(new, __version__),
        added=tuple(route_id for route_id in will if route_id not in was),
        removed=tuple(route_id for route_id in was if route_id not in will),
        changed=tuple(
            route_id
            for route_id, route in will.items()
            if route_id in was and _decided(old, was[route_id]) != _decided(new, route)
        ),
        services=_differing(old.services, new.services),
        limits=_differing(old.limits, new.limits),
        policy=_members(old.policy, new.policy),
    )


def _decided(table: RouteTable, route: Route) -> tuple[object, ...]:
    return route, table.services.get(route.service), table.limits.get(route.limit)


def _fixed(old: RouteTable, new: RouteTable) -> list[str]:
    changed = [name for name in _members(old.policy, new.policy) if name in FIXED]
    problems = [
        f"gateway: {name} is {getattr(old.policy, name)} in the running process and cannot become"
        f" {getattr(new.policy, name)}; restart the gateway for it"
        for name in changed
    ]
    if old.platform != new.platform:
        problems.append(f"platform is {old.platform}, and this file is of {new.platform}; restart the gateway for it")
    return problems


def _members(old: object, new: object) -> tuple[str, ...]:
    known: Any = old
    return tuple(item.name for item in fields(known) if getattr(old, item.name) != getattr(new, item.name))


def _differing(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(sorted(name for name in {*old, *new} if old.get(name) != new.get(name)))


def _listed(names: Iterable[str]) -> str:
    known = list(names)
    rest = len(known) - _SHOWN
    return ", ".join(known[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _noun(count: int, one: str) -> str:
    return one if count == 1 else f"{one}s"
