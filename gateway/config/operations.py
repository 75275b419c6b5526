"""The `routes:` list and the `defaults:` they start from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gateway.config.exercise import read_examples
from gateway.config.mirroring import read_platform_limit
from gateway.config.permissions import permission
from gateway.config.problem import Lined
from gateway.config.reuse import check_reuse, chosen, read_caching
from gateway.config.scalars import duration, name, one_of, place, target, word
from gateway.config.scope import read_scope
from gateway.config.shadowing import read_shadow
from gateway.core.path import PathPattern
from gateway.core.routes import Access, Effect, KeyCheck, Kind, Move, Route, Target, Timeouts

if TYPE_CHECKING:
    from gateway.config.section import Section
    from gateway.core.exercise import Example

REWRITES = ("ws_url", "location")
_UNREADABLE = Target("GET", PathPattern("/"))


@dataclass(frozen=True, slots=True)
class RouteDraft:
    """A route as read, with the lines of its parts; a target that could not be read is absent from those here."""

    route: Route
    line: int
    service: Lined[str]
    limit: Lined[str]
    legacy: tuple[Lined[Target], ...]
    gateway: Lined[Target] | None
    moves: tuple[Lined[Move], ...]
    examples: tuple[Example, ...] = ()


def read_defaults(section: Section) -> Timeouts:
    """Timeouts of routes that name none."""
    timeouts = _timeouts(section.section("timeouts"), Timeouts())
    section.close()
    return timeouts


def read_routes(root: Section, timeouts: Timeouts) -> list[RouteDraft]:
    """Every route of the file, also those with problems."""
    drafts = [_draft(section, timeouts) for section in root.listed("routes", "route") if not section.node_is_wrong]
    if not drafts:
        root.wrong("routes", "no route is declared", "write routes: with at least one entry")
    return drafts


def _draft(section: Section, timeouts: Timeouts) -> RouteDraft:
    title = section.need("id", name) or ""
    section.name = f"route {title}".strip()
    service = Lined(section.need("service", str) or "", section.line_of("service"))
    legacy = section.need("legacy", target)
    aliases = section.values("aliases", target) or ()
    gateway = section.read("gateway", target, None)
    effect = section.need("effect", one_of(Effect)) or Effect.READ
    access = section.need("access", one_of(Access)) or Access.JWT
    moves = _moves(section)
    scope = read_scope(section, access, gateway)
    limit = section.read("limit", str, "read" if effect is Effect.READ else "write")
    route = Route(
        id=title,
        service=service.value,
        legacy=legacy or _UNREADABLE,
        gateway=gateway,
        effect=effect,
        access=access,
        kind=section.read("kind", one_of(Kind), Kind.HTTP),
        aliases=tuple(alias.value for alias in aliases),
        moves=tuple(move.value for move in moves),
        limit=limit,
        timeouts=_timeouts(section.section("timeouts"), timeouts),
        shadow=read_shadow(section.section("shadow")),
        group=section.read("group", name, ""),
        rewrites=tuple(item.value for item in section.values("rewrites", word(*REWRITES)) or ()),
        health=chosen(section, "health"),
        coalesce=chosen(section, "coalesce"),
        cache=read_caching(section),
        scope=scope.scope,
        own=scope.own,
        lookups=scope.lookups,
        tenancy=scope.tenancy,
        permission=section.read("permission", permission, ""),
        api_key=section.read("api_key", one_of(KeyCheck), None),
        platform_limit=read_platform_limit(section),
    )
    examples = read_examples(section, legacy)
    _check_exposure(section, route)
    _check_kind(section, route)
    check_reuse(section, route)
    _check_permission(section, route)
    _check_api_key(section, route)
    section.close()
    first = (Lined(legacy, section.line_of("legacy")),) if legacy else ()
    return RouteDraft(
        route=route,
        line=section.line_of("id"),
        service=service,
        limit=Lined(limit, section.line_of("limit")),
        legacy=(*first, *aliases),
        gateway=Lined(gateway, section.line_of("gateway")) if gateway else None,
        moves=moves,
        examples=examples,
    )


def _check_exposure(section: Section, route: Route) -> None:
    internal = route.access is Access.INTERNAL
    if internal and section.has("gateway"):
        section.wrong("gateway", "an internal route is never exposed", "remove gateway:, or write another access:")
    if not internal and not section.has("gateway"):
        section.wrong("access", "gateway is missing", "write gateway: METHOD /path, or access: internal")
    if route.gateway and route.gateway.path.text.startswith("/.cutover"):
        section.wrong("gateway", "paths under /.cutover belong to the gateway itself", "write another path")


def _check_kind(section: Section, route: Route) -> None:
    if route.kind is Kind.WEBSOCKET:
        for key, found in (("legacy", route.legacy), ("gateway", route.gateway)):
            if found is not None and found.method != "GET":
                section.wrong(key, f"a websocket starts with GET, not {found.method}", f"write GET {found.path.text}")
    if route.kind is Kind.SSE and route.legacy.method not in {"GET", "POST"}:
        section.wrong("kind", f"an event stream answers GET or POST, not {route.legacy.method}", "write kind: http")
    if route.shadow.budget and route.effect is not Effect.METERED:
        section.wrong(
            "shadow", "a budget counts copies of metered routes only", "remove it, or write effect: metered"
        )


def _check_permission(section: Section, route: Route) -> None:
    if route.permission and route.access is not Access.JWT:
        section.wrong("permission", "only a JWT names roles", "remove permission:, or write access: jwt")


def _check_api_key(section: Section, route: Route) -> None:
    if route.api_key is not None and route.access is not Access.API_KEY:
        section.wrong("api_key", f"access is {route.access}, so no API key is asked for", "remove api_key:")


def _moves(section: Section) -> tuple[Lined[Move], ...]:
    moves = []
    for entry in section.listed("moves", f"{section.name}: move"):
        if entry.node_is_wrong:
            continue
        legacy, gateway = entry.need("legacy", place), entry.need("gateway", place)
        entry.close()
        if legacy and gateway:
            moves.append(Lined(Move(legacy, gateway), entry.line))
    return tuple(moves)


def _timeouts(section: Section, usual: Timeouts) -> Timeouts:
    timeouts = replace(
        usual,
        connect=section.read("connect", duration, usual.connect),
        first_byte=section.read("first_byte", duration, usual.first_byte),
        idle=section.read("idle", duration, usual.idle),
    )
    section.close()
    return timeouts
