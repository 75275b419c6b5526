"""What a caller's roles grant on a table: worked out once for each set of roles, then one look into a set. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.permissions import expanded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.table import RouteTable

CAPACITY = 4096
"""Sets of roles that are remembered: tokens are genuine, so only the platform can name new ones."""


class Granted:
    """The permissions of one table that roles grant, by what `roles` hold."""

    def __init__(self, table: RouteTable, roles: Mapping[str, tuple[str, ...]]) -> None:
        self.table = table
        self._roles = roles
        self._names = frozenset(route.permission for route in table.routes if route.permission)
        self._known: dict[tuple[str, ...], frozenset[str]] = {}

    def to(self, roles: tuple[str, ...]) -> frozenset[str]:
        """The union of what these roles hold; an unknown role holds nothing."""
        known = self._known.get(roles)
        return self._work_out(roles) if known is None else known

    def _work_out(self, roles: tuple[str, ...]) -> frozenset[str]:
        if len(self._known) >= CAPACITY:
            self._known.clear()
        held = [item for role in roles for item in self._roles.get(role, ())]
        found = expanded(held, self._names, self.table.policy.permissions.everything)
        self._known[roles] = found
        return found
