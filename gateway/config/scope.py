"""`scope:` of a route: what must be the caller's own, and how that is known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.config.problem import Wrong
from gateway.config.scalars import name, place, whole
from gateway.core.routes import Access, Lookup, Place, Tenancy, Where

if TYPE_CHECKING:
    from gateway.config.section import Section
    from gateway.core.routes import Target

_TENANCIES = tuple(item.value for item in Tenancy if item)
_MEMBERS = re.compile(r"[^.\s]+(\.[^.\s]+)*")


@dataclass(frozen=True, slots=True)
class Scope:
    """What `scope:` says, by kind; the names are those of the route."""

    scope: tuple[Place, ...] = ()
    own: tuple[Place, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    tenancy: Tenancy = Tenancy.UNSAID


def read_scope(section: Section, access: Access, gateway: Target | None) -> Scope:
    """The scope of the route that `section` holds."""
    plain, mappings = section.mixed("scope", _place_or_tenancy, f"{section.name}: scope")
    words = [item.value for item in plain if isinstance(item.value, Tenancy)]
    places = tuple(item.value for item in plain if isinstance(item.value, Place))
    found = [_entry(mapping, gateway) for mapping in mappings]
    scope = Scope(
        scope=places,
        own=tuple(item for item in found if isinstance(item, Place)),
        lookups=tuple(item for item in found if isinstance(item, Lookup)),
        tenancy=words[0] if words else Tenancy.UNSAID,
    )
    if section.is_empty("scope"):
        section.wrong("scope", "scope names nothing", "write what must be the caller's own, or remove the line")
    if words and (places or found or len(words) > 1):
        section.wrong("scope", f"{words[0]} stands beside others", f"write scope: {words[0]} alone, or the others")
    if (plain or mappings) and access is not Access.JWT:
        section.wrong("scope", "only a JWT names an organisation", "remove scope:, or write access: jwt")
    _check_places(section, scope, gateway)
    return scope


def _place_or_tenancy(text: str) -> Place | Tenancy:
    return Tenancy(text) if text in _TENANCIES else place(text)


def _entry(section: Section, gateway: Target | None) -> Place | Lookup | None:
    if section.has("subject"):
        spot = section.need("subject", place)
        section.close()
        return spot
    route = section.need("lookup", name) or ""
    member = section.has("contains")
    path = section.need("contains", _path) if member else section.need("field", _path)
    if member and section.has("field"):
        section.wrong("field", "field and contains exclude each other", "keep one of the two")
    parameter = section.read("parameter", place, None) or _only(section, gateway)
    spare = tuple(item.value for item in section.values("except", str) or ())
    page = section.read("page", whole(1, 1000), 0)
    section.close()
    return Lookup(route, path or (), parameter, member, spare, page) if parameter else None


def _only(section: Section, gateway: Target | None) -> Place | None:
    names = gateway.path.names if gateway else ()
    if len(names) == 1:
        return Place(Where.PATH, names[0])
    if gateway is not None and not section.has("parameter"):
        section.wrong("lookup", f"{gateway} has {len(names) or 'no'} parameters", "write parameter: path.NAME")
    return None


def _path(text: str) -> tuple[str, ...]:
    if not _MEMBERS.fullmatch(text):
        raise Wrong(f"{text!r:.60} is no member", "write names joined by '.', like org_id or pools.pool_id")
    return tuple(text.split("."))


def _check_places(section: Section, scope: Scope, gateway: Target | None) -> None:
    for spot in (*scope.scope, *scope.own, *(lookup.parameter for lookup in scope.lookups)):
        if gateway and spot.where is Where.PATH and spot.name not in gateway.path.names:
            section.wrong("scope", f"{spot} names no parameter of {gateway}", "write one of the gateway path's")
