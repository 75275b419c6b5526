"""What stored runs of security probes say of each route."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from gateway.store import audit
from reports.nouns import Probed

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from gateway.store.audit import Result

KIND = "probe"


def by_route(connection: sqlite3.Connection) -> Mapping[str, Probed]:
    """The latest run that asked about each route; a run of a few routes leaves what is known of the others."""
    latest: dict[str, Probed] = {}
    for result in audit.results(connection, KIND):
        for route, found in of(result).items():
            latest.setdefault(route, found)
    return latest


def of(result: Result) -> Mapping[str, Probed]:
    """What one run says of its routes. Pure."""
    body = result.body
    passed: dict[str, list[str]] = defaultdict(list)
    failed: dict[str, list[str]] = defaultdict(list)
    not_asked: dict[str, list[str]] = defaultdict(list)
    for item in body.get("results", ()):
        (passed if item["passed"] else failed)[item["route"]].append(item["probe"])
    for item in body.get("not_asked", ()):
        not_asked[item["route"]].append(item["probe"])
    return {
        route: Probed(
            result.id, result.at, digest, tuple(passed[route]), tuple(failed[route]), tuple(not_asked[route])
        )
        for route, digest in body.get("digests", {}).items()
    }
