"""From a plan to what running it needs: table, pages, addresses. The command and the locust process both ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.config import load_table
from gateway.core.errors import RefusedError
from gateway.core.routes import Access
from loadtests.pages import SIGN_IN, pages_for, routes_of
from loadtests.results import GATEWAY, LEGACY
from loadtests.targets import addresses, refuse_strangers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from loadtests.pages import Page
    from loadtests.plan import LoadPlan


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan with its table, the pages that will be opened, their routes, and base addresses by name."""

    plan: LoadPlan
    table: RouteTable
    pages: tuple[Page, ...]
    routes: tuple[Route, ...]
    bases: Mapping[str, str]

    @property
    def needs_account(self) -> bool:
        """Whether some call is answered to signed-in users only."""
        return any(route.access is Access.JWT for route in self.routes)

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
    pages = pages_for(table, plan.left_out)
    if not pages:
        reason = (
            "no route of the persona is served there yet; promote some first" if plan.left_out else "no such route"
        )
        raise RefusedError(f"nothing to call on {plan.target} with {plan.config}: {reason}")
    routes = routes_of(table, pages)
    bases = addresses(plan, table, routes)
    refuse_strangers(plan, table, bases)
    return Prepared(plan, table, pages, routes, bases)
