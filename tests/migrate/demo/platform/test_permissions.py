"""Permissions."""

from __future__ import annotations

from migrate.demo.platform.permissions import ALL, AUDITOR, MEMBER, granted


def test_the_built_in_roles_hold_known_permissions() -> None:
    """Every permission of a role is in the list, and the list names none twice."""
    assert {*MEMBER, *AUDITOR} <= set(ALL)
    assert len(ALL) == len(set(ALL)) == 37


def test_admin_all_includes_everything() -> None:
    """A role with admin:all has each permission; others have what they name."""
    assert granted(("admin:all",), "role:delete")
    assert granted(MEMBER, "user:list")
    assert not granted(MEMBER, "member:list")
