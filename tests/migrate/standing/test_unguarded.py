from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.core.permissions import Permissions
from gateway.core.routes import Access, Tenancy
from migrate.standing.unguarded import warnings
from tests.apps.probed import inferia
from tests.apps.table import route, table

ROLES = Permissions({"admin": ("*",), "member": ("pool:list",)})


def told(*changes: tuple[str, Any], permissions: Permissions = ROLES, path: str = "/api/{id}") -> list[str]:
    """The warnings of one route."""
    one = replace(route("pools.get", "compute", path.replace("/api", "GET /x"), f"GET {path}"), **dict(changes))
    return warnings(table("http://127.0.0.1:1", one, permissions=permissions))


def test_what_is_left_unsaid_is_told() -> None:
    """A missing permission and a missing scope each have their line, with what to do."""
    assert told() == [
        "route pools.get has no permission: any valid token will do; say so with authenticated",
        "route pools.get names an id and no scope: say whose it is, or who keeps tenants apart",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        (("permission", "pool:list"), ("tenancy", Tenancy.SERVICE)),
        (("permission", "authenticated"), ("tenancy", Tenancy.SHARED)),
        (("access", Access.PUBLIC),),
    ],
)
def test_what_is_said_is_not_told(changes: tuple[tuple[str, Any], ...]) -> None:
    """Whatever it says, somebody has thought of it."""
    assert told(*changes) == []


def test_a_table_without_roles_wants_no_permissions() -> None:
    """Who has not begun with roles hears of tenants only."""
    assert told(permissions=Permissions(), path="/api/list") == []


def test_a_permission_that_nobody_holds_is_told() -> None:
    """It locks everybody out; a wildcard holds it too."""
    item = ("permission", "pool:drain"), ("tenancy", Tenancy.SHARED)
    few = Permissions({"member": ("pool:list",)})
    assert told(*item, permissions=few) == ["route pools.get needs pool:drain, which no role of the file holds"]
    assert told(*item) == []


@pytest.mark.parametrize(
    ("listen", "open_to_all"),
    [
        ("0.0.0.0:8801", True),
        ("[::]:8801", True),
        ("8.8.8.8:8801", True),
        ("127.0.0.1:8801", False),
        ("10.1.2.3:8801", False),
        ("[fd00::1]:8801", False),
        ("inside:8801", False),
    ],
)
def test_an_internal_listener_for_everybody_is_told(listen: str, open_to_all: bool) -> None:  # noqa: FBT001
    """On every address, or one of the internet's: who sees metrics is a question of the network then."""
    known = inferia()
    found = warnings(replace(known, policy=replace(known.policy, internal_listen=listen)))
    expected = f"internal_listen {listen} takes copies and shows metrics: let no stranger's network reach it"
    assert found == ([expected] if open_to_all else [])


def test_the_shipped_table_leaves_nothing_unsaid() -> None:
    """Each of its routes has a permission, each that names something a scope."""
    assert warnings(inferia()) == []
