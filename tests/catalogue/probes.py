"""Defects that no comparison shows, because legacy is as open: a probe finds them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from migrate.probe.catalogue import PROBES
from migrate.probe.credentials import Credentials
from migrate.probe.result import ProbeResult
from tests.apps.probed import altered, probed
from tests.apps.table import JWT_SECRET, token

if TYPE_CHECKING:
    from gateway.core.table import RouteTable
    from tests.catalogue.rig import Change


@dataclass(frozen=True)
class Open:
    """A gateway that lets in whom it must not; `change` makes its table, the probe knows the right one."""

    name: str
    what: str
    probe: str
    route: str
    place: str
    change: Change


async def failed_at(defect: Open, *, right: bool = False) -> str:
    """The place at which the probe fails; empty when it passes. `right` asks the gateway without the defect."""
    known = Credentials(token(), token(org_id="org-2", sub="user-2"), JWT_SECRET)
    change = (lambda table: table) if right else defect.change
    async with probed(change=change, credentials=known) as at:
        chosen = next(one for one in PROBES if one.name == defect.probe)
        result = await chosen.ask(at.setting, at.route(defect.route))
        assert isinstance(result, ProbeResult), result
        return "" if result.passed else result.location


def _members_may_all(table: RouteTable) -> RouteTable:
    permissions = table.policy.permissions
    roles = {**permissions.roles, "member": ("*",)}
    return replace(table, policy=replace(table.policy, permissions=replace(permissions, roles=roles)))


def _any_size(table: RouteTable) -> RouteTable:
    return replace(table, policy=replace(table.policy, max_body=1 << 62))


DEFECTS: tuple[Open, ...] = (
    Open(
        "extra-permission",
        "a role may what the platform's does not",
        "wrong role",
        "pools.create",
        "status",
        _members_may_all,
    ),
    Open(
        "foreign-object",
        "a deployment of another organisation can be read",
        "foreign object",
        "deployments.get",
        "status",
        altered("deployments.get", lookups=()),
    ),
    Open("unlimited-body", "an upload may be of any size", "body limit", "config.set", "status", _any_size),
)
