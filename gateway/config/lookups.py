"""Whether the routes that scopes look up can be asked, and say what is wanted of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.nearest import nearest
from gateway.core.routes import Authorization, Effect, Kind, Where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.config.operations import RouteDraft
    from gateway.config.problem import Findings, Lined
    from gateway.core.routes import Lookup, Route, Service


def check_lookups(drafts: list[RouteDraft], services: Mapping[str, Lined[Service]], findings: Findings) -> None:
    """Add a problem for every lookup that could never be answered."""
    known = {draft.route.id: draft.route for draft in drafts}
    for draft in drafts:
        for lookup in draft.route.lookups:
            wrong = _wrong(lookup, known, services)
            if wrong:
                findings.add(draft.line, f"route {draft.route.id}: scope: {wrong[0]}", wrong[1])


def _wrong(
    lookup: Lookup, known: Mapping[str, Route], services: Mapping[str, Lined[Service]]
) -> tuple[str, str] | None:
    route = known.get(lookup.route)
    if route is None:
        meant = nearest(lookup.route, known)
        return f"lookup {lookup.route!r:.60} is no route", f"write {meant}" if meant else "write the id of a route"
    if route.effect is not Effect.READ or route.kind is not Kind.HTTP or route.legacy.method != "GET":
        return f"{route.id} is no plain read, and a lookup must change nothing", "look up a route with GET that reads"
    service = services.get(route.service)
    forwards = service is not None and service.value.authorization is Authorization.FORWARD
    if any(place.where is Where.BODY for place in route.scope):
        return f"{route.id} is scoped by its body, and a GET has none", "look up another route"
    return _wrong_list(route, forwards=forwards) if lookup.member else _wrong_owner(route, forwards=forwards)


def _wrong_list(route: Route, *, forwards: bool) -> tuple[str, str] | None:
    if not route.scope and not forwards:
        message = f"{route.id} lists what belongs to everybody"
        return message, "look up one with scope: [query.…], or whose service gets the token"
    left = set(_names(route)) - {place.name for place in route.scope if place.where is Where.PATH}
    return (f"{route.id} needs {', '.join(sorted(left))} too", "look up a route without it") if left else None


def _wrong_owner(route: Route, *, forwards: bool) -> tuple[str, str] | None:
    if forwards:
        message = f"{route.id} answers each caller in another way, so no owner can be read there"
        return message, "write contains: instead of field:"
    if len(_names(route)) != 1:
        return f"{route.id} has no single id in its path", "look up a route with one {id}"
    return None


def _names(route: Route) -> tuple[str, ...]:
    return (route.gateway or route.legacy).path.names
