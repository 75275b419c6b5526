"""Small builders: a table, a store, observations."""

from __future__ import annotations

import itertools
import weakref
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.core.digest import route_digest
from gateway.core.observation import Difference, DifferenceKind, Observation, Rule, Verdict
from gateway.core.path import PathPattern
from gateway.core.routes import Access, Authorization, Change, Effect, Route, Service, Stage, Target
from gateway.core.table import RouteTable
from gateway.flags.store import FlagStore, Process
from gateway.store import audit, counts, observations
from gateway.store.database import open_store
from reports.evidence import gather

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from pathlib import Path

    from reports.nouns import Evidence

NOW = 1_800_000_000.0
ROUTE = "pools.list"
WRITE = "pools.create"
OPEN = Difference("body", "$[id=7].name", DifferenceKind.CHANGED, "old", "new")
_ids = itertools.count()


def table(*changes: Change) -> RouteTable:
    """Three routes of one service; the last is internal."""

    def route(route_id: str, method: str, path: str, effect: Effect, *, exposed: bool = True) -> Route:
        legacy = Target(method, PathPattern(f"/legacy{path}"))
        gateway = Target(method, PathPattern(f"/api/v1{path}")) if exposed else None
        return Route(route_id, "orchestration", legacy, gateway, effect, Access.JWT if exposed else Access.INTERNAL)

    service = Service(
        "orchestration", "http://127.0.0.1:8080", "http://127.0.0.1:8080", Authorization.STRIP, "127.0.0.1:18080"
    )
    routes = (
        route(ROUTE, "GET", "/pools", Effect.READ),
        route(WRITE, "POST", "/pools", Effect.WRITE),
        route("nodes.heartbeat", "POST", "/heartbeat", Effect.WRITE, exposed=False),
    )
    return RouteTable("demo", {"orchestration": service}, routes, changes)


def digest(route: str = ROUTE, of: RouteTable | None = None) -> str:
    """The current digest of a route."""
    of = of or table()
    found = of.route(route)
    assert found is not None
    return route_digest(of, found, __version__)


def seen(verdict: Verdict = Verdict.MATCH, **values: Any) -> Observation:
    """An observation of the list route, by default a match just now by subject `ann`."""
    defaults: dict[str, Any] = {
        "id": f"o{next(_ids):07d}",
        "route": ROUTE,
        "at": NOW - 600,
        "mode": "read",
        "source": "live",
        "digest": values.get("digest") or digest(values.get("route", ROUTE)),
        "subject": "ann",
        "shape": "limit",
        "legacy_status": 200,
        "gateway_status": 200,
        "legacy_seconds": 0.010,
        "gateway_seconds": 0.012,
    }
    return Observation(verdict=verdict, **{**defaults, **values})


def differing(*differences: Difference, **values: Any) -> Observation:
    """A mismatch, by default in one pool's name."""
    return seen(Verdict.MISMATCH, differences=differences or (OPEN,), **values)


def clean(number: int, **values: Any) -> list[Observation]:
    """Matches that all count: each of another subject."""
    return [seen(subject=f"s{index}", **values) for index in range(number)]


def rule(decision: str = "expected", signature: str | None = None, **values: Any) -> Rule:
    """A decision, by default on the signature of `OPEN`."""
    made = Rule(signature or OPEN.signature(ROUTE), decision, "qa", "known", NOW - 60)
    return replace(made, **values)


@dataclass(frozen=True)
class Filled:
    """A real store with short ways to fill and read it."""

    path: Path
    db: sqlite3.Connection

    def add(self, *items: Observation) -> None:
        """Store observations."""
        observations.append(self.db, items)

    def decide(self, *rules: Rule) -> None:
        """Store decisions."""
        for item in rules:
            observations.put_rule(self.db, item)

    def stage(self, stage: Stage, at: float = NOW - 3600, route: str = ROUTE, percent: float = 0.0) -> None:
        """Put a route into a stage at a time."""
        flags = FlagStore(self.db, lambda: at)
        flags.change(
            [replace(flags.snapshot().flag(route), stage=stage, percent=percent, by="eve", reason="test")],
            expected=flags.snapshot(),
        )

    def process(self, kind: str = "gateway", revision: int | None = None) -> None:
        """Announce a running process, by default with the newest flags."""
        flags = FlagStore(self.db)
        newest = flags.snapshot().revision if revision is None else revision
        flags.announce(Process(kind, kind, 7, "here", "127.0.0.1:8800", NOW - 99, NOW, newest, NOW - 99))

    def probe(self, at: float = NOW - 600, **routes: str) -> None:
        """Store a run of probes that all passed, of all exposed routes as they are; `routes` gives other digests."""
        digests = {route: digest(route) for route in (ROUTE, WRITE)} | routes
        results = [{"probe": "anonymous", "route": route, "passed": True} for route in digests]
        body = {"digests": digests, "results": results, "not_asked": []}
        audit.put_result(self.db, audit.Result(f"probe-{next(_ids)}", "probe", at, passed=True, body=body))

    def serve(self, side: str, requests: int, errors: int = 0, at: float = NOW - 120, **values: Any) -> None:
        """Count what a side served, 10 ms a request."""
        defaults = {"route": ROUTE, "fallbacks": 0, "seconds": requests * 0.01}
        entry = counts.Served(
            side=side, minute=int(at // 60), requests=requests, errors=errors, **{**defaults, **values}
        )
        counts.count_served(self.db, [entry])

    def evidence(self, of: RouteTable | None = None, now: float = NOW) -> Evidence:
        """What `gather` says."""
        return gather(self.db, of or table(), now)


def store(folder: Path, items: Iterable[Observation] = ()) -> Filled:
    """A new store in a folder, filled with observations; it closes itself when nobody holds it any more."""
    path = folder / "cutover.db"
    filled = Filled(path, open_store(path))
    weakref.finalize(filled, filled.db.close)
    filled.add(*items)
    return filled
