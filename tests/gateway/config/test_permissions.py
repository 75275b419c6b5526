from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.core.permissions import Permissions, Refresh
from tests.apps.route_tables import GOOD, changed, table, told

if TYPE_CHECKING:
    from gateway.core.table import RouteTable

HEAD = "gateway:\n  listen: 127.0.0.1:8800\n"
FULL = """\
gateway:
  permissions:
    everything: admin:all
    roles:
      admin: ["*"]
      Team Lead's: [pool:*, "pool:list"]
      idle: []
    refresh: {service: main, target: "GET /admin/roles?all=1", every: 5s, as: admin, page: 50}
    stale: 1m
"""


def test_rights_are_asked_for_every_half_minute_at_most() -> None:
    """That is also what is usual."""
    for every in (", every: 30s", ""):
        text = FULL.replace("Team Lead's", "lead").replace(", every: 5s", every)
        loaded: RouteTable = table(GOOD.replace(HEAD, text))  # type: ignore[assignment]
        assert loaded.policy.permissions.refresh is not None
        assert loaded.policy.permissions.refresh.every == 30.0


def test_what_roles_hold_arrives() -> None:
    """Every key of the section is read; one permission may stand without a list."""
    text = FULL.replace("Team Lead's", "lead").replace("idle: []", "idle: pool:list")
    loaded: RouteTable = table(GOOD.replace(HEAD, text))  # type: ignore[assignment]
    assert loaded.policy.permissions == Permissions(
        {"admin": ("*",), "lead": ("pool:*", "pool:list"), "idle": ("pool:list",)},
        "admin:all",
        Refresh("main", "/admin/roles?all=1", 5.0, "admin", 50),
        60.0,
    )
    assert table().policy.permissions == Permissions()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("Team Lead's", "Team Lead's", '"Team Lead\'s" is no role; write it as tokens name it'),
        ('["*"]', '["**"]', "admin '**' is no permission; write deployment:create"),
        ('["*"]', "[authenticated]", "admin 'authenticated' is no permission"),
        ('["*"]', '["dep*"]', "admin 'dep*' is no permission"),
        ("everything: admin:all", 'everything: "*"', "everything '*' is no permission"),
        ("service: main", "service: mian", "service 'mian' is not known; write main"),
        ("GET /admin/roles?all=1", "POST /admin/roles", "target 'POST /admin/roles' is no read"),
        ("GET /admin/roles?all=1", "GET roles", "target 'GET roles' is no read"),
        ("every: 5s", "every: 100ms", "every 100ms is too often"),
        ("every: 5s", "every: 31s", "every 31s is too seldom: rights taken away would live on; write 30s or less"),
        ("stale: 1m", "stale: 4s", "stale is shorter than refresh: every; write a longer stale:"),
        ("page: 50", "page: 0", "page '0' is not acceptable"),
        ("stale: 1m", "stale: 1", "stale '1' is no duration"),
        ("stale: 1m", "stael: 1m", "key stael is not known; write stale"),
        ("service: main, ", "", "refresh: service is missing"),
    ],
)
def test_a_wrong_line_is_told(old: str, new: str, problem: str) -> None:
    """What would let everybody in, or nobody, is refused with what to write."""
    text = FULL.replace(old, new)
    assert any(problem in line for line in told(GOOD.replace(HEAD, text))), told(GOOD.replace(HEAD, text))


@pytest.mark.parametrize("name", ["pool:list", "authenticated", "admin"])
def test_a_route_names_its_permission(name: str) -> None:
    """One word, or words joined by colons."""
    text = GOOD.replace("    access: jwt\n", f"    access: jwt\n    permission: {name}\n", 1)
    loaded: RouteTable = table(text)  # type: ignore[assignment]
    assert loaded.routes[0].permission == name


def test_a_permission_is_one_name_and_asks_for_a_token() -> None:
    """No wildcard, and nothing that could never be held."""
    wildcard = changed("    access: jwt\n", '    access: jwt\n    permission: "pool:*"\n')
    assert any("permission 'pool:*' is no permission; write words joined by ':'" in line for line in wildcard)
    public = changed("    access: jwt\n", "    access: public\n    permission: pool:list\n")
    assert any("only a JWT names roles; remove permission:, or write access: jwt" in line for line in public)
