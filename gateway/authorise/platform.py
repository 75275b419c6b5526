"""What roles hold, as the platform says it: asked again when due, kept while it is away, then the file's."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

import jwt

from gateway.authorise.granted import Granted
from gateway.authorise.question import NoAnswerError, everything, headers
from gateway.authorise.roles import GarbageError, read_roles
from gateway.transport.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.ask import Reply
    from gateway.core.permissions import Refresh
    from gateway.core.table import RouteTable
    from gateway.metrics import Metrics
    from gateway.settings import Settings
    from gateway.transport.pool import Pool

FILE, PLATFORM = "file", "platform"
SUBJECT = "00000000-0000-4000-8000-00000c070fe2"
"""Whom a token names that the gateway signs for its own question: an id that no user has."""
_LIFETIME = 60
_OK = 200
_log = logging.getLogger("cutover.gateway")


class Grants:
    """What roles grant now.

    While the last answer is younger than `every`, it decides without waiting. Up to twice that age it still does, and
    another is asked for meanwhile; beyond, the request waits for it, unless the last one failed. There is one
    question at a time, and after one that failed none for another `every`; what was said last then holds for `stale`
    seconds, after which the roles of the file do.
    """

    def __init__(
        self, settings: Settings, pool: Pool, metrics: Metrics | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings, self._pool, self._metrics, self._clock = settings, pool, metrics, clock
        self._granted: Granted | None = None
        self._said: dict[str, tuple[str, ...]] | None = None
        self._by: Refresh | None = None
        self._at = self._tried = self._until = float("-inf")
        self._asking: asyncio.Task[None] | None = None
        self.failed = False

    def at_once(self, table: RouteTable) -> Granted | None:
        """What holds, where it is known without asking anybody."""
        granted = self._granted
        return granted if granted is not None and granted.table is table and self._clock() < self._until else None

    async def now(self, table: RouteTable, *, wait: bool = True) -> Granted:
        """What holds; asks the platform first where that is due, without `wait` only for the next one."""
        refresh = table.policy.permissions.refresh
        if refresh != self._by:
            self._by, self._said, self._at, self._tried = refresh, None, float("-inf"), float("-inf")
        if refresh is not None and self._clock() - max(self._at, self._tried) >= refresh.every:
            task = self._refreshed(table, refresh)
            if wait and self._clock() - self._at >= 2 * refresh.every and not self.failed:
                await asyncio.shield(task)
        return self._settled(table)

    def _settled(self, table: RouteTable) -> Granted:
        permissions, refresh = table.policy.permissions, table.policy.permissions.refresh
        now = self._clock()
        said = self._said if refresh is not None and now - self._at < permissions.stale else None
        self._until = float("inf")
        if refresh is not None:
            due = max(self._at, self._tried) + refresh.every
            self._until = due if said is None else min(due, self._at + permissions.stale)
        self._granted = Granted(table, permissions.roles if said is None else said)
        return self._granted

    def health(self, table: RouteTable) -> dict[str, dict[str, str | float | bool]]:
        """Whose roles hold, whether the platform is silent, and for how many seconds it has been; -1 for always.

        Empty where the platform is not asked.
        """
        if table.policy.permissions.refresh is None:
            return {}
        age = self._clock() - self._at
        said = self._said is not None and age < table.policy.permissions.stale
        told: dict[str, str | float | bool] = {"source": PLATFORM if said else FILE, "stale": self.failed}
        return {"permissions": {**told, "age": -1.0 if self._said is None else round(age, 1)}}

    def gauges(self, table: RouteTable) -> dict[str, float]:
        """The same as numbers; none where the platform is not asked."""
        told = self.health(table).get("permissions")
        if told is None:
            return {}
        return {
            "cutover_permissions_from_platform": float(told["source"] == PLATFORM),
            "cutover_permissions_stale": float(told["stale"]),
            "cutover_permissions_age_seconds": float(told["age"]),
        }

    def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()

    def _refreshed(self, table: RouteTable, refresh: Refresh) -> asyncio.Task[None]:
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._refresh(table, refresh))
        return self._asking

    async def _refresh(self, table: RouteTable, refresh: Refresh) -> None:
        try:
            said = await self._ask(table, refresh)
        except (TransportError, NoAnswerError, GarbageError) as error:
            self._note("failed")
            if not self.failed:
                _log.warning("the platform does not say what roles hold: %s", error)
            self.failed = True
        else:
            self._said, self._at, self.failed = said, self._clock(), False
            self._note("ok")
        finally:
            self._tried = self._clock()
            self._until = float("-inf")

    async def _ask(self, table: RouteTable, refresh: Refresh) -> dict[str, tuple[str, ...]]:
        service = table.services[refresh.service]
        told = headers(self._settings, service, "roles", self._credential(refresh))
        found = await everything(self._pool, service, refresh.target, told, page=refresh.page, read=_read)
        if not found:
            raise GarbageError("no role at all")
        return dict(found)

    def _credential(self, refresh: Refresh) -> str:
        settings = self._settings
        if settings.service_token:
            return f"Bearer {settings.service_token}"
        if not (refresh.role and settings.jwt_secret):
            return ""
        now = int(time.time())
        claims = {"sub": SUBJECT, "roles": [refresh.role], "type": "access", "iat": now, "exp": now + _LIFETIME}
        return "Bearer " + jwt.encode(claims, settings.jwt_secret, algorithm="HS256")

    def _note(self, result: str) -> None:
        if self._metrics is not None:
            self._metrics.count("cutover_permission_refreshes_total", result=result)


def _read(reply: Reply) -> list[tuple[str, tuple[str, ...]]]:
    if reply.status != _OK:
        raise GarbageError(f"status {reply.status}")
    return read_roles(reply.body)
