"""Permissions: what roles hold, where the platform says so, and whether one is granted. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

AUTHENTICATED = "authenticated"
"""The permission of a route that asks for a valid credential only, and says so."""
EVERY = "*"


@dataclass(frozen=True, slots=True)
class Refresh:
    """Where the platform says what its roles hold: GET `target` of `service`, `every` so many seconds.

    `role` is what the gateway signs itself a token of where no service token is given; "" signs none. `page` is how
    many roles one answer holds at most; 0 asks once.
    """

    service: str
    target: str
    every: float = 30.0
    role: str = ""
    page: int = 0


@dataclass(frozen=True, slots=True)
class Permissions:
    """Roles and what they hold: names, `*`, or `deployment:*`.

    `everything` is the platform's name for all of them. What the platform said holds for `stale` seconds after it
    fell silent, then `roles` of the file do.
    """

    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    everything: str = ""
    refresh: Refresh | None = None
    stale: float = 300.0


def grants(held: Iterable[str], name: str, everything: str = "") -> bool:
    """Whether what a role holds includes the permission `name`."""
    return any(_matches(item, name, everything) for item in held)


def expanded(held: Iterable[str], names: Iterable[str], everything: str = "") -> frozenset[str]:
    """Those of `names` that are granted, so that asking for one is one look into a set."""
    known = tuple(held)
    return frozenset(name for name in names if grants(known, name, everything))


def _matches(item: str, name: str, everything: str) -> bool:
    if item in {EVERY, name}:
        return True
    if everything and item == everything:
        return True
    return item.endswith(":*") and name.startswith(item[:-1])
