"""The registry of probes, listed by hand in the order people read them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.routes import Access
from migrate.probe import access, body_limit, cors, direct, identity, marks, methods, paths, rights, tenant

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.core.routes import Route
    from migrate.probe.result import NotAsked, ProbeResult
    from migrate.probe.setting import Setting


@dataclass(frozen=True, slots=True)
class Probe:
    """One security question: to which routes it applies, and how it is asked."""

    name: str
    applies: Callable[[Route], bool]
    ask: Callable[[Setting, Route], Awaitable[ProbeResult | NotAsked]]


def has_credential(route: Route) -> bool:
    """Whether the route asks its callers for one."""
    return route.access in {Access.JWT, Access.API_KEY}


def checks_tokens(route: Route) -> bool:
    """Whether the gateway verifies tokens on the route; behind a socket a ticket stands in their place."""
    return route.access is Access.JWT


PROBES = (
    Probe(access.ANONYMOUS, has_credential, access.anonymous),
    Probe(access.FORGED, checks_tokens, access.forgery),
    Probe(access.EXPIRED, checks_tokens, access.expiry),
    Probe(access.WRONG_KIND, has_credential, access.wrong_kind),
    Probe(identity.NAME, cors.is_exposed_http, identity.identity),
    Probe(rights.ROLE, rights.needs_permission, rights.wrong_role),
    Probe(rights.FOREIGN, rights.looks_up, rights.foreign),
    Probe(tenant.NAME, lambda route: bool(route.scope), tenant.tenant),
    Probe(paths.NAME, lambda route: route.access is Access.INTERNAL, paths.tricks),
    Probe(body_limit.NAME, body_limit.takes_body, body_limit.limit),
    Probe(marks.NAME, marks.may_be_marked, marks.misuse),
    Probe(cors.NAME, cors.is_exposed_http, cors.foreign_origin),
    Probe(methods.NAME, cors.is_exposed_http, methods.undeclared),
)
"""What the gateway is asked."""
SERVICE_PROBES = (
    Probe(direct.ANONYMOUS, direct.may_be_asked, direct.anonymous),
    Probe(direct.FORGED, direct.may_be_asked, direct.forgery),
)
"""What a service is asked, at its legacy or internal address."""
