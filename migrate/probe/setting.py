"""What a probe has at hand: the table, the addresses, the keys, and three ways to ask."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.core.exchange import Failure, header
from gateway.core.mark import DRY_RUN, DRY_RUN_TYPE, MARK_HEADER, TRIAL, sign
from gateway.core.routes import Access, Effect, KeyCheck, Kind, Stage
from migrate.probe.sample import with_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.exchange import Request, Response
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from gateway.flags.flag import FlagSnapshot
    from migrate.probe.asker import Asker
    from migrate.probe.credentials import Credentials

LACKS = "the user's roles lack the permission; set CUTOVER_PROBE_TOKEN to one whose have it, or CUTOVER_JWT_SECRET"
_FORBIDDEN = 403
CLIENT = "192.0.2.1"
"""The client that dry runs speak for: an address of documentation (RFC 5737)."""


@dataclass(frozen=True)
class Setting:
    """`public` and `internal` are the gateway's base URLs; `services` those of the services that are asked."""

    table: RouteTable
    flags: FlagSnapshot
    asker: Asker
    credentials: Credentials
    public: str = ""
    internal: str = ""
    services: Mapping[str, str] = field(default_factory=dict)
    mark_key: bytes = field(repr=False, default=b"")
    fingerprint_key: bytes = field(repr=False, default=b"")

    async def dry_run(
        self, route: Route, request: Request, *, key: bytes = b"", mode: str = TRIAL
    ) -> Response | Failure:
        """Ask the internal listener what it would do; nothing is ever delivered, unless the mode is a read's."""
        mark = sign(
            key or self.mark_key,
            mode=mode,
            method=request.method,
            target=request.target,
            body=request.body,
            now=time.time(),
            client=CLIENT,
        )
        return await self.asker.ask(self.internal, route.id, with_headers(request, (MARK_HEADER, mark)))

    async def publicly(self, route: Route, request: Request) -> Response | Failure:
        """Ask where clients do."""
        return await self.asker.ask(self.public, route.id, request)

    async def service(self, route: Route, request: Request) -> Response | Failure:
        """Ask the route's service itself."""
        return await self.asker.ask(self.services[route.service], route.id, request)

    def served(self, route: Route) -> bool:
        """Whether the public listener serves the route in full."""
        return self.flags.flag(route.id).stage.rank >= Stage.CANARY.rank

    def transparent(self, route: Route) -> bool:
        """Whether the public listener lets everybody through to the service, which decides by itself."""
        return self.flags.flag(route.id).left_shadow and not self.served(route)

    def readable(self, route: Route) -> bool:
        """Whether a call that must be refused may be made in public: it would do no harm if it were not."""
        return route.effect is Effect.READ and route.kind is not Kind.WEBSOCKET and self.served(route)


def credential(setting: Setting, route: Route) -> tuple[tuple[str, str], ...] | None:
    """The Authorization header that the route asks for; None when no token, or no API key that must hold, is known.

    An API key that passes through is known by its looks, so that for a dry run one made up will do.
    """
    if route.access is Access.API_KEY:
        asked = setting.table.policy.credentials.api_keys.introspect and route.api_key is not KeyCheck.PASS
        made_up = "" if asked else f"{setting.table.policy.api_key_prefix}cutover-probe"
        key = setting.credentials.api_key or made_up
        return (("Authorization", f"Bearer {key}"),) if key else None
    if route.access is Access.JWT:
        token = setting.credentials.allowed or setting.credentials.token
        return (("Authorization", f"Bearer {token}"),) if token else None
    return ()


def lenient(route: Route) -> str:
    """The mode of a dry run that shall go through whether what it names is there or not."""
    return DRY_RUN if route.lookups else TRIAL


def lacks_permission(answer: Response | Failure) -> bool:
    """Whether the gateway refused the probe's own user for want of a permission."""
    if isinstance(answer, Failure) or answer.status != _FORBIDDEN:
        return False
    return b'"reason":"permission"' in answer.body


def status_of(answer: Response | Failure) -> str:
    """The status, or why there is none."""
    return f"no answer: {answer.detail}" if isinstance(answer, Failure) else str(answer.status)


def is_dry_run(answer: Response | Failure) -> bool:
    """Whether this is a dry run's document."""
    return not isinstance(answer, Failure) and header(answer.headers, "content-type") == DRY_RUN_TYPE
