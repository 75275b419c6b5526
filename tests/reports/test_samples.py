from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.observation import Verdict
from gateway.store.browse import Wanted
from reports.explained import Explanations
from reports.samples import samples
from tests.reports.builders import NOW, OPEN, ROUTE, WRITE, differing, rule, seen, store

if TYPE_CHECKING:
    from pathlib import Path

SIGNATURE = OPEN.signature(ROUTE)


def test_samples_of_a_signature(tmp_path: Path) -> None:
    """The newest observations of any digest that hold the signature, each once, judged as of now."""
    old = differing(OPEN, OPEN, at=NOW - 900, digest="before")
    new = differing(at=NOW - 9)
    filled = store(tmp_path, [old, new, seen()])
    found = samples(filled.db, Explanations({SIGNATURE: rule()}, (), NOW), Wanted((ROUTE,), signature=SIGNATURE))
    assert [(item.id, item.verdict) for item in found] == [(new.id, "expected"), (old.id, "expected")]


def test_observations_of_a_verdict(tmp_path: Path) -> None:
    """The verdict is the one as of now, and only the asked routes are looked at."""
    filled = store(tmp_path, [differing(), seen(), seen(Verdict.MATCH, route=WRITE)])
    known, here = Explanations({SIGNATURE: rule()}, (), NOW), Wanted((ROUTE,))
    counts = [len(list(samples(filled.db, known, here, verdict))) for verdict in Verdict]
    assert dict(zip(Verdict, counts, strict=True)) == {
        "match": 1, "expected": 1, "mismatch": 0, "inconclusive": 0, "failed": 0,
    }  # fmt: skip
    assert len(list(samples(filled.db, known))) == 3
