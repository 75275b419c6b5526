"""A gateway, right or with one fault, over an upstream that only echoes; and a setting that probes it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.app import build_app
from gateway.config import load_table
from gateway.core.routes import Stage
from gateway.server import serving
from migrate.probe.asker import Asker
from migrate.probe.credentials import Credentials
from migrate.probe.setting import Setting
from tests.apps.echo import Upstream, upstream
from tests.apps.faulty_gateway import faulty
from tests.apps.table import JWT_SECRET, flags, settings, token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from gateway.core.routes import Policy, Route
    from gateway.core.table import RouteTable

INFERIA = Path(__file__).parents[2] / "migrate" / "presets" / "inferia.yaml"


@dataclass
class Probed:
    """A served gateway, the setting to probe it in, and what its services were sent."""

    setting: Setting
    upstream: Upstream

    def route(self, route_id: str) -> Route:
        """The route with this id."""
        found = self.setting.table.route(route_id)
        assert found is not None
        return found


def inferia(**policy: Any) -> RouteTable:
    """The shipped table, with policy settings changed."""
    table = load_table(INFERIA)
    changed: Policy = replace(table.policy, drain=1.0, **policy)
    return replace(table, policy=changed)


def aimed(table: RouteTable, address: str) -> RouteTable:
    """The table with every service at one address."""
    services = {name: replace(service, internal=address, legacy=address) for name, service in table.services.items()}
    return replace(table, services=services)


@asynccontextmanager
async def probed(
    table: RouteTable | None = None,
    *,
    fault: str = "",
    stage: Stage = Stage.GATEWAY,
    credentials: Credentials | None = None,
    change: Callable[[RouteTable], RouteTable] = lambda table: table,
    **flag: Any,
) -> AsyncIterator[Probed]:
    """Serve the table, by default the shipped one, with every route at one stage; `flag` are further flag fields.

    The probes know the table as it is, the gateway the one that `change` makes of it.
    """
    async with upstream() as echoing:
        table = aimed(table or inferia(), echoing.address)
        snapshot, keys, served = flags(table, stage, **flag), settings(), change(table)
        build = (
            build_app(served, keys, lambda: snapshot) if not fault else faulty(served, keys, lambda: snapshot, fault)
        )
        async with serving(build, "127.0.0.1:0", "127.0.0.1:0") as bound:
            known = credentials or Credentials(token(), token(org_id="org-2", sub="user-2"), JWT_SECRET)
            setting = Setting(
                table,
                snapshot,
                Asker([bound.public, bound.internal, echoing.address]),
                known,
                public=bound.public,
                internal=bound.internal,
                services=dict.fromkeys(table.services, echoing.address),
                mark_key=keys.mark_key,
                fingerprint_key=keys.fingerprint_key,
            )
            yield Probed(setting, echoing)
