"""Accounting for a recording: which route each exchange belongs to, and in words why one has none. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gateway.core.exchange import Exchange, Failure, header
from gateway.core.observation import Bucket
from gateway.core.routes import Stage
from gateway.flags.flag import Flag, FlagSnapshot
from shadow.legacy_address import by_any, folded
from shadow.plan import Copying
from shadow.recording.recorded import PORTS, Recorded
from shadow.serve import decide, find

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.core.table import Matched, RouteTable

_SHOWN = 120
_NO_SERVICE = "no service at"
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Placed:
    """A recorded exchange with its service and route, or with the reason why it has none.

    `explained` says that a missing route is no gap of the table: another host, or legacy itself answers 404 or 405.
    `copy` is what a live shadow in stage shadow would send: `read`, `dry-run`, `metered`, or `none: REASON`.
    """

    recorded: Recorded
    exchange: Exchange
    matched: Matched | None = None
    reason: str = ""
    explained: bool = True
    copy: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """Where every exchange of a recording belongs; routes plus reasons sum to `exchanges`, and so do the buckets."""

    exchanges: int
    by_route: Mapping[str, int]
    not_routed: Mapping[str, int]
    buckets: Mapping[str, int]
    copies: Mapping[str, int] = field(default_factory=dict)
    gaps: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every real call has a route: no unexplained reason, and at least one exchange is routed."""
        return not self.gaps and bool(self.by_route)

    @property
    def hint(self) -> str:
        """What to do about exchanges at addresses that the table does not name; empty without any."""
        found = [
            reason.removeprefix(_NO_SERVICE + " ") for reason in self.not_routed if reason.startswith(_NO_SERVICE)
        ]
        if not found:
            return ""
        named = ", ".join(found[:_NAMED]) + (f" and {len(found) - _NAMED} more" if len(found) > _NAMED else "")
        return (
            f"no service of the route table stands at {named}: if that is the platform, give --config with a table"
            " whose services have these legacy addresses, or add them to it"
        )

    def to_json(self) -> dict[str, Any]:
        """The account as `cutover replay --json` prints it."""
        return {
            "exchanges": self.exchanges,
            "by_route": dict(self.by_route),
            "not_routed": dict(self.not_routed),
            "buckets": dict(self.buckets),
            "copies": dict(self.copies),
            "gaps": list(self.gaps),
            "hint": self.hint,
        }


def place_all(recorded: Iterable[Recorded], table: RouteTable) -> tuple[Placed, ...]:
    """Every exchange with its place, in order."""
    addresses = by_any(table)
    shadowed = FlagSnapshot(flags={route.id: Flag(route.id, Stage.SHADOW) for route in table.select("*")})
    placed = (_place(entry, table, addresses) for entry in recorded)
    return tuple(replace(one, copy=_copy(one.exchange, table, shadowed)) if one.matched else one for one in placed)


def account(placed: Iterable[Placed]) -> Account:
    """Count exchanges by route and reason. Offline nothing is compared: routed ones are `unmirrored`."""
    by_route: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    copies: Counter[str] = Counter()
    gaps: dict[str, None] = {}
    for one in placed:
        if one.matched:
            by_route[one.matched.route.id] += 1
            copies[one.copy] += 1
        else:
            reasons[one.reason] += 1
            if not one.explained:
                gaps[one.reason] = None
    routed, rest = by_route.total(), reasons.total()
    buckets = {str(name): n for name, n in ((Bucket.UNMIRRORED, routed), (Bucket.UNMATCHED, rest)) if n}
    return Account(routed + rest, _sorted(by_route), _sorted(reasons), buckets, _sorted(copies), tuple(gaps))


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _place(entry: Recorded, table: RouteTable, addresses: Mapping[tuple[str, int], str]) -> Placed:
    request = entry.exchange.request
    if entry.origin.scheme not in PORTS:
        return Placed(entry, entry.exchange, reason=f"no HTTP exchange: {entry.origin.scheme}")
    service = addresses.get(folded(entry.origin.host, entry.origin.port))
    if service is None:
        return Placed(entry, entry.exchange, reason=f"{_NO_SERVICE} {entry.origin}")
    exchange = replace(entry.exchange, service=service)
    matched = find(table, service, request)
    if matched is None:
        asked = header(request.headers, "access-control-request-method") if request.is_preflight else None
        method = f"OPTIONS (asking for {asked})" if asked else request.method
        reason = f"no route for {method} {request.path[:_SHOWN]} on {service}"
        return Placed(entry, exchange, reason=reason, explained=_legacy_refuses(exchange))
    return Placed(entry, exchange, matched)


def _legacy_refuses(exchange: Exchange) -> bool:
    return isinstance(exchange.response, Failure) or exchange.response.status in {404, 405}


def _copy(exchange: Exchange, table: RouteTable, shadowed: FlagSnapshot) -> str:
    if isinstance(exchange.response, Failure):
        return "none: no answer recorded"
    plan = decide(table, shadowed, exchange.service, exchange.request, b"")
    return str(plan.copying) if plan.copying is not Copying.NONE else f"none: {plan.reason or plan.bucket}"
