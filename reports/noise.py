"""How often legacy disagrees with itself where a difference stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store.noise import learned
from reports.figures import count

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from gateway.core.noise import Noise


def by_signature(connection: sqlite3.Connection, digests: Mapping[str, str]) -> dict[str, Noise]:
    """What was learned on the current route digests, by the signatures of the differences that belong there.

    Of intermittent differences, whose place may be of several kinds, the noise that explains least is told.
    """
    found: dict[str, Noise] = {}
    for (route, digest, place), noise in learned(connection).items():
        if digests.get(route) != digest:
            continue
        for signature in place.signatures(route):
            known = found.get(signature)
            if known is None or (known.explains and not noise.explains):
                found[signature] = noise
    return found


def told(noise: Noise) -> str:
    """One line for people."""
    return (
        f"legacy differs with itself here in {count(noise.legacy)} of {count(noise.reads, 'read')},"
        f" the gateway in {count(noise.gateway)}"
    )
