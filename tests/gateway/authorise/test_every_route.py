"""Every route of the shipped table, with every role, for a foreign tenant, and for nobody.

The cases are made from the table, so that a new route has its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from gateway.core.permissions import AUTHENTICATED, grants
from gateway.core.routes import Access, Authorization, Kind, Tenancy
from migrate.probe.sample import sample, with_headers
from tests.apps.guarded import FOREIGN, OWN, guarded
from tests.apps.probed import inferia
from tests.apps.table import ORGANISATION, token

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from gateway.core.routes import Route
    from tests.apps.guarded import Guarded

SHIPPED = inferia()
PERMISSIONS = SHIPPED.policy.permissions
UNKNOWN = "cutover-unknown"
ROLES = [*PERMISSIONS.roles, UNKNOWN]
ASKED = [route for route in SHIPPED.routes if route.access is Access.JWT and route.kind is not Kind.WEBSOCKET]
GUARDED = [route for route in ASKED if route.permission != AUTHENTICATED]
BY_ID = [route for route in ASKED if route.gateway and route.gateway.path.names]
SCOPED = [route for route in ASKED if route.scope or route.lookups]
SOCKETS = [route for route in SHIPPED.routes if route.kind is Kind.WEBSOCKET]


@pytest.fixture(scope="module")
def at() -> Iterator[Guarded]:
    """One gateway for all cases."""
    with guarded() as found:
        yield found


def send(
    at: Guarded,
    route: Route,
    *roles: str,
    organisation: str = ORGANISATION,
    named: str = OWN,
    anonymous: bool = False,
) -> tuple[httpx.Response, int]:
    """The answer to a well-formed request for what `ORGANISATION` has, and how many requests reached a service."""
    # The lists of a foreign tenant are asked for under its own name, so that nothing but the owner is wrong.
    spoken = organisation if route.lookups and not route.scope else ORGANISATION
    request = sample(route, (spoken,), subject="user-1", named=named)
    if not anonymous:
        signed = token(roles=list(roles), org_id=organisation)
        request = with_headers(request, ("Authorization", f"Bearer {signed}"))
    before = len(at.delivered)
    answer = at.client.request(request.method, request.target, headers=list(request.headers), content=request.body)
    return answer, len(at.delivered) - before


def may(route: Route, role: str) -> bool:
    """Whether the file grants this role the route's permission."""
    return grants(PERMISSIONS.roles.get(role, ()), route.permission, PERMISSIONS.everything)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", GUARDED, ids=lambda route: route.id)
def test_a_role_is_let_in_exactly_where_it_has_the_permission(at: Guarded, route: Route, role: str) -> None:
    """A denied request reaches no service; a granted one does, once."""
    answer, delivered = send(at, route, role)
    if may(route, role):
        assert (answer.status_code, delivered) == (200, 1)
    else:
        assert (answer.status_code, delivered) == (403, 0)
        assert answer.json()["reason"] == "permission"
        assert answer.json()["detail"] == f"Permission denied: {route.permission} required"


@pytest.mark.parametrize("route", ASKED, ids=lambda route: route.id)
def test_nobody_is_let_in(at: Guarded, route: Route) -> None:
    """Without a token every route is 401 and reaches no service."""
    answer, delivered = send(at, route, anonymous=True)
    assert (answer.status_code, delivered) == (401, 0)


@pytest.mark.parametrize("route", SCOPED, ids=lambda route: route.id)
def test_a_foreign_tenant_is_refused(at: Guarded, route: Route) -> None:
    """With every role it could have; what it names is not its own, and what does not exist looks the same."""
    answer, delivered = send(at, route, *PERMISSIONS.roles, organisation=FOREIGN)
    assert (answer.status_code, delivered) == (403 if route.scope else 404, 0)
    assert answer.json()["reason"] == "scope"
    if not route.scope:
        absent, _ = send(at, route, *PERMISSIONS.roles, named="0b0b0b0b-0000-4000-8000-00000000000b")
        mine = {name: value for name, value in absent.json().items() if name != "request_id"}
        assert mine == {name: value for name, value in answer.json().items() if name != "request_id"}


@pytest.mark.parametrize("route", BY_ID, ids=lambda route: route.id)
def test_a_route_that_names_something_says_whose_it_is(at: Guarded, route: Route) -> None:
    """The gateway knows, or the service decides by the token it gets, or it is nobody's and needs a permission."""
    if route.lookups or route.scope:
        assert route in SCOPED
    elif route.tenancy is Tenancy.SERVICE:
        assert SHIPPED.services[route.service].authorization is Authorization.FORWARD
        _, delivered = send(at, route, *PERMISSIONS.roles, organisation=FOREIGN)
        seen = at.delivered[-1]
        assert (delivered, seen.values("x-organization-id")) == (1, [FOREIGN])
        assert len(seen.values("authorization")) == 1
    else:
        assert route.tenancy is Tenancy.SHARED
        assert route in GUARDED


@pytest.mark.parametrize("route", [item for item in ASKED if item not in GUARDED], ids=lambda route: route.id)
def test_what_asks_for_a_token_only_takes_any_role(at: Guarded, route: Route) -> None:
    """As the table says."""
    assert send(at, route, UNKNOWN)[1] == 1


@pytest.mark.parametrize("route", SOCKETS, ids=lambda route: route.id)
@pytest.mark.parametrize("role", ROLES)
def test_a_socket_takes_a_ticket_and_no_role(at: Guarded, route: Route, role: str) -> None:
    """The ticket is handed out by a route that was guarded, so that no token opens the socket."""
    assert route.gateway is not None
    url = at.client.base_url.copy_with(scheme="ws", path=route.gateway.path.fill({"id": OWN}))
    signed = {"Authorization": f"Bearer {token(roles=[role])}"}
    with pytest.raises(InvalidStatus) as refused, connect(str(url), additional_headers=signed):
        pass
    assert refused.value.response.status_code == 401


def test_the_cases_are_all_there() -> None:
    """Every exposed route is for everybody, for key holders, or in a case above."""
    elsewhere = {Access.PUBLIC, Access.API_KEY}
    rest = [route.id for route in SHIPPED.select("*") if route.access not in elsewhere]
    assert sorted(rest) == sorted(route.id for route in (*ASKED, *SOCKETS))
    assert len(BY_ID) > 20
