"""The step: debit the bucket of a call's class and subject, or of an address that fails to say who it is."""

from __future__ import annotations

import hashlib
import hmac
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

from gateway.core.exchange import header
from gateway.core.policy import FAILED
from gateway.core.routes import Access
from gateway.limit.buckets import Buckets
from gateway.limit.headers import remaining, retry_after, told
from gateway.limit.memory import monotonic
from gateway.limit.subject import Accepted, address_subject, subject_of
from gateway.limit.token_bucket import SECOND, pace_of
from gateway.problem import RateLimited

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from gateway.caller import Caller
    from gateway.core.exchange import Headers, Request
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from gateway.limit.token_bucket import Pace
    from gateway.problem import Unauthenticated

FAILED_CLASS = "failed"
"""The class of addresses that show credentials which do not hold; a table may declare it under `limits:`."""
UNLIMITED = -1
BLOCKED = 8192
"""Addresses that are remembered as having used up their failures."""
_EXPIRED = "expired"
"""The reason of a refusal that no guess can cause: the signature held."""


class Debit(NamedTuple):
    """What a debit left in the bucket (`UNLIMITED`: there is none), and the headers that tell of it."""

    left: int
    headers: Headers


_FREE = Debit(UNLIMITED, ())


class Limits:
    """The buckets of one gateway, and which addresses have used up their failures.

    `secret` must be the same for all instances on one Redis: it decides the names of the buckets there.
    """

    def __init__(self, redis: Redis | None, secret: str) -> None:
        self.buckets = Buckets(redis, hmac.digest(secret.encode(), b"cutover limits", hashlib.sha256))
        self.accepted = Accepted()
        self._table: RouteTable | None = None
        self._paces: dict[str, tuple[Pace, Pace]] = {}
        self._blocked: OrderedDict[str, int] = OrderedDict()

    def is_share(self, table: RouteTable) -> bool:
        """Whether this process enforces its share of each limit because the instances do not meet."""
        up = self.buckets.redis_up
        return up is False or (up is None and table.policy.instances > 1)

    def gauges(self, table: RouteTable) -> dict[str, float]:
        """Metrics of this moment."""
        up = self.buckets.redis_up
        redis = {} if up is None else {"cutover_redis_up": int(up)}
        return {"cutover_limits_local": int(self.is_share(table)), **redis}

    def report(self, table: RouteTable) -> dict[str, object]:
        """The same for health: `redis` is up, away or none."""
        words = {None: "none", True: "up", False: "away"}
        return {"redis": words[self.buckets.redis_up], "limits_local": self.is_share(table)}

    def paces(self, table: RouteTable, name: str) -> tuple[Pace, Pace] | None:
        """The pace of a class, and of this process's share of it; None where the table declares no such class."""
        if table is not self._table:
            self._paces, self._table = _paces(table), table
        return self._paces.get(name)

    async def debit(self, table: RouteTable, name: str, subject: str, *, shadow: bool) -> Debit:
        """Take a token of this class for this subject; copies have buckets of their own beside the live ones.

        Raises:
            RateLimited: there is none.
        """
        paces = self.paces(table, name)
        if paces is None:
            return _FREE
        key = bucket(f"{name}:shadow" if shadow else name, subject)
        pace, here = paces[1], self.buckets.take_here(key, paces[1])
        if here is None:
            pace, taken = await self.buckets.take(key, *paces)
        else:
            taken = here
        headers = told(pace, taken)
        if taken.wait:
            raise RateLimited(name, retry_after(taken.wait), headers)
        return Debit(remaining(pace, taken), headers)

    def check(self, client: str, credential: str | None) -> None:
        """Refuse to ask about a key that nobody has accepted yet while its address has used up its failures.

        Raises:
            RateLimited: so it is.
        """
        until = self._blocked.get(address_subject(client), 0) if self._blocked else 0
        wait = until - monotonic()
        if until and wait > 0 and (credential is None or credential not in self.accepted):
            raise RateLimited(FAILED_CLASS, retry_after(wait))

    def block(self, client: str, seconds: int) -> None:
        """Let `check` refuse for a while."""
        self._blocked[address_subject(client)] = monotonic() + seconds * SECOND
        if len(self._blocked) > BLOCKED:
            self._blocked.popitem(last=False)


def bucket(name: str, subject: str) -> str:
    """The name of the bucket of a class and a subject."""
    return f"{name} {subject}"


async def limit(
    limits: Limits, table: RouteTable, route: Route, caller: Caller, request: Request, client: str, *, shadow: bool
) -> Debit:
    """Debit the caller's bucket in the route's class; a table that declares no such class limits nothing.

    An API key that nobody has checked speaks for nobody until a service has accepted it: its address is debited.

    Raises:
        RateLimited: the bucket is empty.
    """
    subject = subject_of(caller, client)
    if caller.scheme == "api-key" and not caller.verified:
        credential = header(request.headers, "authorization")
        if credential is None or credential not in limits.accepted:
            subject = address_subject(client)
    return await limits.debit(table, route.limit, subject, shadow=shadow)


async def failed(limits: Limits, table: RouteTable, refusal: Unauthenticated, client: str, *, shadow: bool) -> None:
    """Debit an address whose credential does not hold, so that guessing is slow; others behind it are not touched.

    Raises:
        RateLimited: in the refusal's place, when it has failed too often.
    """
    if refusal.reason == _EXPIRED:
        return
    try:
        await limits.debit(table, FAILED_CLASS, address_subject(client), shadow=shadow)
    except RateLimited as full:
        if not shadow:
            limits.block(client, full.seconds)
        raise


def learn(limits: Limits, route: Route, request: Request, status: int) -> None:
    """Take note of whether a service accepted an API key; an error may mean anything, a bad key among it."""
    credential = header(request.headers, "authorization") if route.access is Access.API_KEY else None
    if credential is not None and status == 401:  # noqa: PLR2004 - HTTPStatus.UNAUTHORIZED
        limits.accepted.discard(credential)
    elif credential is not None and status < 400:  # noqa: PLR2004 - HTTPStatus.BAD_REQUEST
        limits.accepted.add(credential)


def _paces(table: RouteTable) -> dict[str, tuple[Pace, Pace]]:
    declared = {FAILED_CLASS: FAILED, **table.limits} if table.limits else {}
    return {
        name: (pace_of(name, limit), pace_of(name, limit, table.policy.instances)) for name, limit in declared.items()
    }
