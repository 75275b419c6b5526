"""Observations by the thousand, for tests of the store."""

from __future__ import annotations

import itertools
from typing import Any

from gateway.core.observation import Difference, DifferenceKind, Observation, Verdict

AT = 1_800_000_000.0
NAME = Difference("body", "$[id=1].name", DifferenceKind.CHANGED, "old", "new")
STATUS = Difference("status", "200→500", DifferenceKind.CHANGED, "200", "500")
_ids = itertools.count()


def seen(verdict: Verdict = Verdict.MATCH, **values: Any) -> Observation:
    """An observation with an id of its own; by default a match of one subject."""
    defaults: dict[str, Any] = {
        "id": f"o{next(_ids):08d}",
        "route": "pools.list",
        "at": AT,
        "mode": "read",
        "source": "live",
        "digest": "d",
        "subject": "ann",
        "shape": "query:limit",
        "legacy_status": 200,
        "gateway_status": 200,
        "legacy_seconds": 0.01,
        "gateway_seconds": 0.012,
    }
    return Observation(verdict=verdict, **{**defaults, **values})


def differing(*differences: Difference, **values: Any) -> Observation:
    """A mismatch, by default in one name."""
    return seen(Verdict.MISMATCH, differences=differences or (NAME,), **values)
