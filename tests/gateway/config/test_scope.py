from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.routes import Lookup, Place, Tenancy, Where
from tests.apps.route_tables import GOOD, table, told

if TYPE_CHECKING:
    from gateway.core.routes import Route

PATH = Place(Where.PATH, "id")
DELETE = "    gateway: DELETE /api/v1/pools/{id}\n    effect: write\n    access: jwt\n"
LISTED = "    gateway: GET /api/v1/pools\n    effect: read\n    access: jwt\n"
STATUS = """\
  - id: pools.get
    service: side
    legacy: GET /pool/{id}
    gateway: GET /api/v1/pools/{id}/status
    effect: read
    access: jwt
changes:
"""


def text(scope: str) -> str:
    """The good table with a scope for deleting pools, something to look up, and a list by organisation."""
    scoped = GOOD.replace(DELETE, f"{DELETE}    scope: {scope}\n", 1).replace("changes:\n", STATUS, 1)
    return scoped.replace(LISTED, f"{LISTED}    scope: [query.owner_id]\n", 1)


def scoped(scope: str) -> Route:
    """The route that deletes pools, with this scope."""
    found = table(text(scope)).route("pools.delete")
    assert found is not None
    return found


def test_places_tenancies_and_lookups_arrive() -> None:
    """Each alone, and those that may stand together in one list."""
    assert scoped("path.id").scope == (PATH,)
    assert scoped("{subject: query.owner}").own == (Place(Where.QUERY, "owner"),)
    assert scoped("service").tenancy is Tenancy.SERVICE
    assert scoped("[shared]").tenancy is Tenancy.SHARED
    assert scoped("{lookup: pools.get, field: pool.org_id}").lookups == (
        Lookup("pools.get", ("pool", "org_id"), PATH),
    )
    found = scoped(
        "[query.org, {subject: query.by}, {lookup: pools.list, contains: pools.pool_id,"
        " parameter: query.pool, except: [none, '0'], page: 50}]"
    )
    assert (found.scope, found.own) == ((Place(Where.QUERY, "org"),), (Place(Where.QUERY, "by"),))
    assert found.lookups == (
        Lookup("pools.list", ("pools", "pool_id"), Place(Where.QUERY, "pool"), True, ("none", "0"), 50),  # noqa: FBT003 - a value
    )


@pytest.mark.parametrize(
    ("scope", "problem"),
    [
        ("[]", "scope names nothing; write what must be the caller's own, or remove the line"),
        ("[service, query.org]", "service stands beside others; write scope: service alone"),
        ("[service, shared]", "service stands beside others"),
        ("[shared, {lookup: pools.get, field: org}]", "shared stands beside others"),
        ("tenants", "scope 'tenants' is no place; write path.NAME, query.NAME or body.NAME"),
        ("path.name", "path.name names no parameter of DELETE /api/v1/pools/{id}"),
        ("{subject: path.name}", "path.name names no parameter"),
        ("{subject: query.a, field: b}", "key field is not known"),
        ("{lookup: pools.get}", "field is missing"),
        ("{lookup: pools.get, field: a, contains: b}", "field and contains exclude each other"),
        ("{lookup: pools.get, field: a..b}", "field 'a..b' is no member; write names joined by '.'"),
        ("{lookup: pools.get, field: org, parameter: path.x}", "path.x names no parameter"),
        ("{lookup: pools.get, field: org, page: 0}", "page '0' is not acceptable"),
        ("{field: org}", "lookup is missing"),
        ("{lookup: pools.get, field: org, feild: x}", "key feild is not known; write field"),
    ],
)
def test_a_wrong_scope_is_told(scope: str, problem: str) -> None:
    """With what to write instead."""
    found = told(text(scope))
    assert any(problem in line for line in found), found


def test_without_one_parameter_it_must_be_named() -> None:
    """Nothing is guessed."""
    found = told(text("path.id").replace("scope: [query.owner_id]", "scope: {lookup: pools.get, field: org}", 1))
    assert any("GET /api/v1/pools has no parameters; write parameter: path.NAME" in line for line in found), found


def test_only_a_token_names_an_organisation() -> None:
    """A route for everybody belongs to nobody."""
    found = told(text("service").replace(DELETE, DELETE.replace("jwt", "public"), 1))
    assert any("only a JWT names an organisation; remove scope:, or write access: jwt" in line for line in found)
