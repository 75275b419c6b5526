"""Signatures of the current digest, with what explains each as of now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from reports.nouns import SignatureSeen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reports.aggregate import Row
    from reports.explained import Explanations


def by_route(rows: Iterable[Row], explanations: Explanations) -> dict[str, tuple[SignatureSeen, ...]]:
    """Per route: every signature, open ones first, then the heaviest."""
    merged: dict[str, SignatureSeen] = {}
    for row in rows:
        item = _seen(row, explanations)
        known = merged.get(item.signature)
        merged[item.signature] = _merge(known, item) if known else item
    routes: dict[str, list[SignatureSeen]] = {}
    for item in sorted(merged.values(), key=lambda seen: (bool(seen.by), -seen.count, seen.signature)):
        routes.setdefault(item.route, []).append(item)
    return {route: tuple(items) for route, items in routes.items()}


def _seen(row: Row, explanations: Explanations) -> SignatureSeen:
    signature = row["signature"]
    return SignatureSeen(
        signature=signature,
        route=row["route"],
        location=row["location"],
        pattern=row["pattern"],
        kind=row["kind"],
        count=row["count"],
        observations=row["observations"],
        first_seen=row["first"],
        last_seen=row["last"],
        sample=row["sample"],
        by=explanations.by(signature, row["by"]),
        rejected=explanations.rejected(signature),
        noise=explanations.noise(signature),
    )


def _merge(one: SignatureSeen, other: SignatureSeen) -> SignatureSeen:
    newest = one if one.last_seen >= other.last_seen else other
    return replace(
        newest,
        count=one.count + other.count,
        observations=one.observations + other.observations,
        first_seen=min(one.first_seen, other.first_seen),
        # Open as long as one occurrence is unexplained.
        by=one.by if one.by and other.by else "",
    )
