"""A gateway, right or with one fault, over an upstream that only echoes; and a setting that probes it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.app import build_app
from gateway.config import load_table
from gateway.core.routes import Access, Effect, Kind, Stage
from gateway.server import serving
from migrate.probe.asker import Asker
from migrate.probe.credentials import Credentials
from migrate.probe.setting import Setting
from tests.apps.echo import Upstream, upstream
from tests.apps.faulty_gateway import faulty
from tests.apps.table import JWT_SECRET, flags, route, settings, table, token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from gateway.core.policy import Policy
    from gateway.core.routes import Route
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
    """The shipped table, with policy settings changed; its roles are those of the file."""
    shipped = load_table(INFERIA)
    settled = replace(shipped.policy.permissions, refresh=None)
    changed: Policy = replace(shipped.policy, **{"drain": 1.0, "permissions": settled, **policy})
    return replace(shipped, policy=changed)


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


def small(**policy: Any) -> RouteTable:
    """One route of every sort that probes tell apart."""
    return table(
        "http://127.0.0.1:1",
        route("pools.list", "compute", "GET /pools/{owner_id}", "GET /api/v1/pools", scope=("query.owner_id",),
              moves=[("path.owner_id", "query.owner_id")]),
        route("pools.create", "compute", "POST /createpool", "POST /api/v1/pools", scope=("body.owner_id",)),
        route("pools.get", "compute", "GET /pool/{id}", "GET /api/v1/pools/{id}"),
        route("chat", "front", "POST /v1/chat", "POST /api/v1/chat", effect=Effect.METERED, access=Access.API_KEY),
        route("models", "front", "GET /v1/models", "GET /api/v1/models", access=Access.API_KEY),
        route("login", "front", "POST /login", "POST /api/v1/login", access=Access.PUBLIC),
        route("health", "compute", "GET /health", "GET /api/v1/health", access=Access.PUBLIC),
        route("socket", "compute", "GET /socket", "GET /api/v1/socket", kind=Kind.WEBSOCKET),
        route("inner.read", "compute", "GET /internal/pool/{id}", None, access=Access.INTERNAL),
        route("inner.write", "front", "POST /internal/log", None, access=Access.INTERNAL),
        **policy,
    )  # fmt: skip


def altered(route_id: str, **changes: Any) -> Callable[[RouteTable], RouteTable]:
    """What makes a table in which one route is another: a fault of the gateway that serves it."""

    def change(table: RouteTable) -> RouteTable:
        routes = tuple(replace(item, **changes) if item.id == route_id else item for item in table.routes)
        return replace(table, routes=routes)

    return change
