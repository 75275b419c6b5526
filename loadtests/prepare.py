"""From a plan to what running it needs: table, calls, addresses. The command and the locust process both ask."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.config import load_table
from gateway.core.digest import route_digest
from gateway.core.errors import RefusedError
from gateway.core.routes import Access
from loadtests.calls import route_of
from loadtests.catalogue import LOG_STREAM, OWN_MODELS, READS
from loadtests.mix import Mix, mix_of
from loadtests.pages import SIGN_IN, pages_for, routes_of
from loadtests.personas import DEPLOYMENTS, MIXED, PERSONAS, POOLS, hindrance, needed_routes, personas_routes
from loadtests.results import GATEWAY, LEGACY
from loadtests.targets import addresses, refuse_strangers
from loadtests.things import API_KEY, THINGS, creatable
from loadtests.workload import API_KEY as KEY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from loadtests.pages import Page
    from loadtests.plan import LoadPlan


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan with its table, who acts in it with which weight, the routes they are counted under, and base addresses.

    `pages` are the dashboard's, `mix` the mixed user's. `omitted` says in words what is left out and why. `creates`
    says that the run makes things on the platform, `makes_key` that an API key is among them.
    """

    plan: LoadPlan
    table: RouteTable
    pages: tuple[Page, ...]
    routes: tuple[Route, ...]
    bases: Mapping[str, str]
    personas: Mapping[str, int]
    mix: Mix | None = None
    omitted: tuple[str, ...] = ()
    makes_key: bool = False

    @property
    def creates(self) -> bool:
        """Whether the run makes things on the platform that have to be deleted again."""
        return self.makes_key or (self.mix is not None and self.plan.workload.writes)

    @property
    def digest(self) -> str:
        """A hash of what decides the behaviour of every route: two machines with the same one load alike."""
        digests = [route_digest(self.table, route, __version__) for route in self.table.routes]
        return hashlib.sha256("\n".join(digests).encode()).hexdigest()

    @property
    def needs_account(self) -> bool:
        """Whether some call is answered to signed-in users only."""
        return self.creates or any(route.access is Access.JWT for route in self.routes)

    @property
    def sign_in_side(self) -> str:
        """The gateway when it alone is under load and serves the sign-in route, else legacy."""
        service, path = SIGN_IN
        matched = self.table.legacy(service).find("POST", path) if service in self.table.services else None
        served = matched is not None and matched.route.id not in self.plan.left_out
        return GATEWAY if self.plan.target == GATEWAY and served else LEGACY


def prepare(plan: LoadPlan, environment: Mapping[str, str]) -> Prepared:
    """Read the table and settle what is called where; `environment` fills `${NAME}` in its addresses.

    Raises:
        ConfigError: the route table is broken.
        UsageError: a host is neither configured, nor loopback, nor owned.
        RefusedError: the persona may call nothing on this target.
    """
    table = load_table(plan.config, environment)
    workload = plan.workload
    hindered = {
        name: reason
        for name in workload.chosen
        if name in PERSONAS and (reason := hindrance(table, PERSONAS[name], plan.sides, plan.left_out))
    }
    pages = pages_for(table, plan.left_out) if "dashboard" in workload.chosen else ()
    makes_key = _makes_key(plan, table, environment, hindered)
    mix = mix_of(
        workload.mix,
        table,
        writes=workload.writes,
        key=makes_key or bool(environment.get(KEY)),
        left_out=plan.left_out,
    ) if workload.mix else None  # fmt: skip
    if "dashboard" in workload.chosen and not pages:
        hindered["dashboard"] = "no such route" if not plan.left_out else "none of its routes is served there yet"
    personas = {name: weight for name, weight in workload.chosen.items() if name not in hindered}
    if not personas or (mix is not None and not mix.weights):
        _refuse(plan, hindered, mix)
    routes = _routes(table, pages, personas, mix)
    needed = (*routes, *_asked(table, personas, creates=makes_key or workload.writes))
    bases = addresses(plan, table, needed)
    refuse_strangers(plan, table, bases)
    omitted = tuple(f"persona {name}: {reason}" for name, reason in hindered.items())
    omitted += tuple(f"{route}: {reason}" for route, reason in (mix.left_out if mix else {}).items())
    return Prepared(plan, table, pages, routes, bases, personas, mix, omitted, makes_key)


def _makes_key(
    plan: LoadPlan, table: RouteTable, environment: Mapping[str, str], hindered: Mapping[str, str]
) -> bool:
    wanted = ("api" in plan.workload.chosen and "api" not in hindered) or bool(
        plan.workload.mix and plan.workload.writes
    )
    return wanted and not environment.get(KEY) and API_KEY in creatable(table)


def _refuse(plan: LoadPlan, hindered: Mapping[str, str], mix: Mix | None) -> None:
    reasons = dict(hindered) | (dict(mix.left_out) if mix else {})
    told = "; ".join(f"{name}: {reason}" for name, reason in list(reasons.items())[:3])
    advice = "; promote some first" if plan.left_out else ""
    raise RefusedError(f"nothing to call on {plan.target} with {plan.config}: {told}{advice}")


def _routes(
    table: RouteTable, pages: tuple[Page, ...], personas: Mapping[str, int], mix: Mix | None
) -> tuple[Route, ...]:
    found = {route.id: route for route in routes_of(table, pages)}
    for name in personas.keys() & PERSONAS.keys():
        found |= {route.id: route for route in personas_routes(table, PERSONAS[name])}
    if mix is not None:
        found |= {route.id: route for name in mix.weights if (route := table.route(name))}
    return tuple(found.values())


def _asked(table: RouteTable, personas: Mapping[str, int], *, creates: bool) -> Iterator[Route]:
    """Routes that are asked beside what is counted: to learn ids, to create and to delete."""
    for name in personas.keys() & PERSONAS.keys():
        yield from needed_routes(table, PERSONAS[name])
    calls = [*READS, DEPLOYMENTS, POOLS, OWN_MODELS, LOG_STREAM] if MIXED in personas else []
    calls += [call for thing in THINGS for call in (thing.create, thing.delete, thing.listed)] if creates else []
    yield from (route for call in calls if (route := route_of(table, call)))
