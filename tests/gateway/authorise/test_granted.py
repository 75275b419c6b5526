from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.authorise import granted
from gateway.authorise.granted import Granted
from gateway.core.permissions import Permissions
from tests.apps.table import route, table

if TYPE_CHECKING:
    import pytest

ROLES = {"admin": ("*",), "reader": ("a:read",), "writer": ("a:write", "b:*"), "chief": ("admin:all",)}


def known(everything: str = "") -> Granted:
    """What roles grant on a table that asks for four permissions."""
    routes = [
        replace(route(name, "compute", f"GET /{number}", f"GET /{number}"), permission=name)
        for number, name in enumerate(("a:read", "a:write", "b:read", "b:write"))
    ]
    at = table("http://127.0.0.1:1", *routes, permissions=Permissions(ROLES, everything))
    return Granted(at, ROLES)


def test_several_roles_have_the_union() -> None:
    """In whatever order they stand."""
    assert known().to(("reader",)) == {"a:read"}
    assert known().to(("reader", "writer")) == known().to(("writer", "reader"))
    assert known().to(("writer", "reader")) == {"a:read", "a:write", "b:read", "b:write"}


def test_an_unknown_role_has_nothing() -> None:
    """Nor has no role at all, and beside a known one it takes nothing away."""
    assert known().to(("stranger",)) == known().to(()) == frozenset()
    assert known().to(("stranger", "reader")) == {"a:read"}


def test_what_the_platform_calls_everything_is_everything() -> None:
    """Where the file says how the platform calls it."""
    assert known("admin:all").to(("chief",)) == known().to(("admin",))
    assert known().to(("chief",)) == frozenset()


def test_it_is_worked_out_once_for_each_set_of_roles(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time is a look, and no more sets are kept than fit."""
    monkeypatch.setattr(granted, "CAPACITY", 2)
    at = known()
    first = at.to(("reader",))
    assert at.to(("reader",)) is first
    for number in range(5):
        at.to((f"role-{number}",))
    assert len(at._known) <= 2
    assert at.to(("reader",)) == first
