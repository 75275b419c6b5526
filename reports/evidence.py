"""Gathers what is known about every route: observations, who served, refusals, results, processes."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.core.digest import route_digest
from gateway.flags.store import FlagStore
from gateway.store import audit, counts, observations, pace
from loadtests.promises import promises
from reports import aggregate, loaded, noise, probed, signatures
from reports.aggregate import Counted, tally
from reports.explained import Explanations, refusal_signature
from reports.nouns import Evidence, OpenRefusal, Refused, RouteEvidence, SideServed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

    from gateway.core.table import RouteTable
    from gateway.store.audit import Result
    from gateway.store.pace import ServicePace
    from reports.aggregate import Row
    from reports.nouns import Loaded, Probed, SignatureSeen


_NAMED = 20
"""Subjects of a would-be refusal that are named."""
_FRESH = 60.0
"""Seconds for which it holds what the shadow said of its pace."""


def gather(
    connection: sqlite3.Connection, table: RouteTable, now: float | None = None, version: str = __version__
) -> Evidence:
    """Everything known about every exposed route, aggregated by the store; `now` is epoch seconds."""
    now = time.time() if now is None else now
    flags = FlagStore(connection, lambda: now)
    snapshot = flags.snapshot()
    digests = {route.id: route_digest(table, route, version) for route in table.select("*")}
    since = aggregate.stage_since(connection)
    changes = (change.id for change in table.changes)
    known = noise.by_signature(connection, digests)
    explanations = Explanations(observations.rules(connection), changes, now, known)
    parts = _Parts(
        counted=aggregate.counted(connection, digests, explanations),
        signatures=signatures.by_route(aggregate.differences(connection, digests), explanations),
        refusals=_by_route(_refusals(connection, explanations)),
        reasons=_reasons(connection),
        paces={name: pace for name, pace in pace.paces(connection).items() if now - pace.at <= _FRESH},
        served=_by_route(aggregate.served_since(connection, {route: since.get(route, 0.0) for route in digests})),
        probed=probed.by_route(connection),
        loaded=loaded.by_route(connection, promises(table, table.select("*"), {})),
    )
    return Evidence(
        at=now,
        version=version,
        platform=table.platform,
        candidate=table.mirroring.candidate,
        routes={
            route.id: _route(
                RouteEvidence(
                    route.id,
                    digests[route.id],
                    snapshot.flag(route.id),
                    since.get(route.id, 0.0),
                    pace=parts.paces.get(route.service),
                    load_exempt=table.load.is_exempt(route.id),
                ),
                parts,
            )
            for route in table.select("*")
        },
        processes=tuple(flags.processes()),
        revision=snapshot.revision,
        results=_latest_results(connection),
        buckets=_total(parts.reasons),
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    counted: Mapping[str, Counted]
    signatures: Mapping[str, tuple[SignatureSeen, ...]]
    refusals: Mapping[str, list[OpenRefusal]]
    reasons: Mapping[str, Mapping[tuple[str, str], int]]
    paces: Mapping[str, ServicePace]
    served: Mapping[str, list[Row]]
    probed: Mapping[str, Probed]
    loaded: Mapping[str, Loaded]


def _route(blank: RouteEvidence, parts: _Parts) -> RouteEvidence:
    known = parts.counted.get(blank.route, Counted())
    return replace(
        blank,
        observed=tally(known.observed),
        pairs=tally(known.pairs),
        exercised=tally(known.exercised),
        stale=known.stale,
        subjects=known.subjects,
        first_seen=known.first,
        last_seen=known.last,
        legacy_errors=known.legacy_errors,
        latency=known.latency,
        seen=frozenset(known.seen),
        proven=frozenset(known.proven),
        exercises=tuple(sorted(known.exercises.values(), key=lambda one: one.shape)),
        exercised_shapes=frozenset(known.exercised_shapes - known.differing_shapes),
        signatures=parts.signatures.get(blank.route, ()),
        buckets=_without_reasons(parts.reasons.get(blank.route, {})),
        reasons=parts.reasons.get(blank.route, {}),
        # A refusal that was last seen before this digest was first seen belongs to an older gateway.
        refusals=tuple(
            item for item in parts.refusals.get(blank.route, ()) if known.observed and item.last_seen >= known.first
        ),
        served={row["side"]: _side(row) for row in parts.served.get(blank.route, ())},
        probed=parts.probed.get(blank.route),
        loaded=parts.loaded.get(blank.route),
    )


def _side(row: Row) -> SideServed:
    return SideServed(row["requests"], row["errors"], row["fallbacks"], row["seconds"], row["last"])


def _by_route(rows: Iterable[Any]) -> dict[str, list[Any]]:
    routes: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        routes[row["route"] if isinstance(row, dict) else row.route].append(row)
    return routes


def _refusals(connection: sqlite3.Connection, explanations: Explanations) -> list[OpenRefusal]:
    grouped: dict[tuple[str, int, str], OpenRefusal] = {}
    for item in counts.refusals(connection):
        signature = refusal_signature(item.route, item.status, item.reason)
        if explanations.by(signature, ""):
            continue
        key = (item.route, item.status, item.reason)
        known = grouped.get(key) or OpenRefusal(signature, *key, first_seen=item.first_seen)
        grouped[key] = replace(
            known,
            subjects=known.subjects + 1,
            count=known.count + item.count,
            first_seen=min(known.first_seen, item.first_seen),
            last_seen=max(known.last_seen, item.last_seen),
            # They come in the order of their counts.
            who=(*known.who, Refused(item.subject, item.count, item.first_seen, item.last_seen))[:_NAMED],
        )
    return list(grouped.values())


def _reasons(connection: sqlite3.Connection) -> dict[str, Counter[tuple[str, str]]]:
    routes: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for (route, bucket, reason), count in counts.buckets(connection).items():
        routes[route][bucket, reason] += count
    return routes


def _without_reasons(reasons: Mapping[tuple[str, str], int]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for (bucket, _), count in reasons.items():
        total[bucket] += count
    return total


def _total(routes: Mapping[str, Mapping[tuple[str, str], int]]) -> Mapping[str, int]:
    total: Counter[str] = Counter()
    for reasons in routes.values():
        total.update(_without_reasons(reasons))
    return total


def _latest_results(connection: sqlite3.Connection) -> dict[str, Result]:
    latest: dict[str, Result] = {}
    for result in audit.results(connection):
        latest.setdefault(result.kind, result)
    return latest
