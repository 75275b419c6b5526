"""Whether the parts of a table fit together."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gateway.config.addresses import check_addresses
from gateway.config.face import check_face
from gateway.config.lookups import check_lookups
from gateway.core.nearest import nearest
from gateway.core.routes import KeyCheck, Kind, Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.config.operations import RouteDraft
    from gateway.config.problem import Findings, Lined
    from gateway.config.section import Section
    from gateway.core.mirroring import Mirroring
    from gateway.core.path import PathPattern
    from gateway.core.policy import Limit, Policy
    from gateway.core.routes import Change, Place, Service, Target


def check(
    policy: Policy,
    services: Mapping[str, Lined[Service]],
    limits: Mapping[str, Lined[Limit]],
    routes: list[RouteDraft],
    changes: list[Lined[Change]],
    findings: Findings,
) -> None:
    """Add a problem for everything that does not fit."""
    check_addresses(policy, services, findings)
    check_face(policy, routes, findings)
    _check_names([(draft.route.id, draft.line) for draft in routes], "route", findings)
    _check_names([(change.value.id, change.line) for change in changes], "change", findings)
    for draft in routes:
        _check_known(draft.service, services, "services", f"route {draft.route.id}: service", findings)
        _check_known(draft.limit, limits, "limits", f"route {draft.route.id}: limit class", findings)
        _check_moves(draft, findings)
        _check_supply(draft, findings)
        _check_introspection(draft, policy, findings)
    check_lookups(routes, services, findings)
    _check_collisions(routes, findings)
    _check_globs(routes, changes, findings)


def check_shadow(
    section: Section, mirroring: Mirroring, policy: Policy, services: Mapping[str, Lined[Service]]
) -> None:
    """Add a problem where the shadow's proxy stands at another's address, or its candidate is the shadow or legacy.

    Copies sent to either would come back as requests of clients, or compare a service with itself.
    """
    listen = mirroring.proxy_listen
    taken = {policy.listen: "the gateway", policy.internal_listen: "the gateway's internal listener"}
    taken |= {service.value.shadow_listen: f"service {service.value.name}" for service in services.values()}
    if listen and listen in taken and not listen.endswith(":0"):
        section.wrong("proxy_listen", f"proxy_listen {listen} is taken by {taken[listen]}", "write another port")
    candidate = mirroring.candidate.partition("://")[2]
    whose = {listen: "the shadow's proxy", **{item.value.shadow_listen: "the shadow" for item in services.values()}}
    whose |= {item.value.legacy.partition("://")[2]: f"legacy {name}" for name, item in services.items()}
    if candidate and candidate in whose:
        section.wrong(
            "candidate",
            f"candidate {candidate} is {whose[candidate]}",
            "write the address of the gateway to be compared",
        )


def _check_names(names: Iterable[tuple[str, int]], what: str, findings: Findings) -> None:
    seen: dict[str, int] = {}
    for name, line in names:
        if name and name in seen:
            findings.add(line, f"{what} {name} is already on line {seen[name]}", "give one of them another id")
        seen.setdefault(name, line)


def _check_known(
    wanted: Lined[str], known: Mapping[str, object], section: str, what: str, findings: Findings
) -> None:
    if wanted.value and wanted.value not in known:
        meant = nearest(wanted.value, known)
        choices = f"write one of: {', '.join(known)}" if known else f"none is declared: name it under {section}"
        mend = f"write {meant}" if meant else choices
        findings.add(wanted.line, f"{what} {wanted.value!r:.60} is not declared", mend)


def _check_moves(draft: RouteDraft, findings: Findings) -> None:
    legacy = next((item.value for item in draft.legacy if item.value is draft.route.legacy), None)
    gateway = draft.gateway.value if draft.gateway else None
    seen: set[tuple[str, Place]] = set()
    for move in draft.moves:
        for side, spot, target in (("legacy", move.value.legacy, legacy), ("gateway", move.value.gateway, gateway)):
            if target is not None and spot.where is Where.PATH and spot.name not in target.path.names:
                findings.add(
                    move.line,
                    f"route {draft.route.id}: {side} {spot} names no parameter of {target}",
                    _choices(target),
                )
            if (side, spot) in seen:
                findings.add(
                    move.line, f"route {draft.route.id}: {side} {spot} is moved twice", "keep one of the two"
                )
            seen.add((side, spot))


def _choices(target: Target) -> str:
    names = target.path.names
    return "write " + " or ".join(f"path.{name}" for name in names) if names else "write query.NAME or body.NAME"


def _check_supply(draft: RouteDraft, findings: Findings) -> None:
    if draft.gateway is None:
        return
    moves = [move.value for move in draft.moves]
    gateway = draft.gateway.value
    placed = {move.gateway.name for move in moves if move.gateway.where is Where.PATH}
    moved_away = {move.legacy.name for move in moves if move.legacy.where is Where.PATH}
    socket = draft.route.kind is Kind.WEBSOCKET
    for item in draft.legacy:
        if not socket:
            offered = set(item.value.path.names) - moved_away
            _missing(
                draft, draft.gateway.line, gateway, set(gateway.path.names) - placed - offered, item.value, findings
            )
            _missing_taken(draft, item, moved_away, findings)
        _check_greedy(draft, item, findings)
    if draft.legacy and draft.legacy[0].value is draft.route.legacy:
        first = draft.legacy[0]
        offered = set(gateway.path.names) - placed
        _missing(
            draft, first.line, first.value, set(first.value.path.names) - moved_away - offered, gateway, findings
        )


def _check_introspection(draft: RouteDraft, policy: Policy, findings: Findings) -> None:
    if draft.route.api_key is KeyCheck.INTROSPECT and policy.credentials.api_keys.introspect is None:
        findings.add(
            draft.line,
            f"route {draft.route.id}: api_key is introspect, and nothing says how",
            "write gateway: api_keys: introspect: {service: …, target: GET /…}",
        )


def _missing(
    draft: RouteDraft, line: int, target: Target, names: set[str], other: Target, findings: Findings
) -> None:
    for name in sorted(names):
        findings.add(
            line,
            f"route {draft.route.id}: nothing in {other} supplies {{{name}}} of {target}",
            "name the parameter alike on both sides, or add a move for it",
        )


def _missing_taken(draft: RouteDraft, item: Lined[Target], moved_away: set[str], findings: Findings) -> None:
    if item.value is draft.route.legacy or draft.gateway is None:
        return
    known = moved_away | set(draft.gateway.value.path.names)
    for name in sorted(set(item.value.path.names) - known):
        findings.add(
            item.line,
            f"route {draft.route.id}: {{{name}}} of the alias {item.value} goes nowhere",
            "name it as in legacy:",
        )


def _check_greedy(draft: RouteDraft, item: Lined[Target], findings: Findings) -> None:
    if draft.gateway is None:
        return
    ours, theirs = _greedy(item.value.path), _greedy(draft.gateway.value.path)
    shared = set(item.value.path.names) & set(draft.gateway.value.path.names)
    if ours != theirs and (ours in shared or theirs in shared):
        findings.add(
            item.line,
            f"route {draft.route.id}: {{{ours or theirs}*}} takes several segments on one side only",
            "write {name*} on both sides, or on neither",
        )


def _greedy(path: PathPattern) -> str | None:
    return path.names[-1] if path.text.endswith("*}") else None


def _check_collisions(routes: list[RouteDraft], findings: Findings) -> None:
    seen: dict[tuple[str, str, bool, str], tuple[str, int]] = {}
    for draft in routes:
        targets = [(f"service {draft.service.value}", item) for item in draft.legacy]
        if draft.gateway:
            targets.append(("the gateway", draft.gateway))
        for side, item in targets:
            key = (side, item.value.method, draft.route.kind is Kind.WEBSOCKET, item.value.path.shape)
            if key in seen:
                other, line = seen[key]
                findings.add(
                    item.line,
                    f"route {draft.route.id}: {item.value} on {side} is already route {other} on line {line}",
                    "give one of them another method or path",
                )
            else:
                seen[key] = (draft.route.id, item.line)


def _check_globs(routes: list[RouteDraft], changes: list[Lined[Change]], findings: Findings) -> None:
    ids = [draft.route.id for draft in routes if draft.route.id]
    named = [(change.line, f"change {change.value.id}", change.value.routes) for change in changes]
    named += [(it.line, f"route {it.route.id}: drops", it.route.cache.drops) for it in routes if it.route.cache]
    for line, who, globs in named:
        for glob in globs:
            if not any(fnmatchcase(name, glob) for name in ids):
                meant = nearest(glob, ids)
                findings.add(
                    line,
                    f"{who}: {glob!r:.60} matches no route",
                    f"write {meant}" if meant else "write a route id or a glob like deployments.*",
                )
