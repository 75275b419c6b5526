from __future__ import annotations

import json
from typing import TYPE_CHECKING

from gateway.core.observation import Verdict
from reports import samples
from reports.explained import Explanations
from tests.reports.builders import NOW, OPEN, ROUTE, WRITE, differing, rule, seen, store

if TYPE_CHECKING:
    from pathlib import Path

SIGNATURE = OPEN.signature(ROUTE)


def test_samples_of_a_signature(tmp_path: Path) -> None:
    """The newest observations of any digest that hold the signature, each once, judged as of now."""
    old = differing(OPEN, OPEN, at=NOW - 900, digest="before")
    new = differing(at=NOW - 9)
    filled = store(tmp_path, [old, new, seen()])
    found = samples.of_signature(filled.db, ROUTE, SIGNATURE, Explanations({SIGNATURE: rule()}, (), NOW), 5)
    assert [(item.id, item.verdict) for item in found] == [(new.id, "expected"), (old.id, "expected")]
    assert len(samples.of_signature(filled.db, ROUTE, SIGNATURE, Explanations({}, (), NOW), 1)) == 1


def test_observations_of_a_verdict(tmp_path: Path) -> None:
    """The verdict is the one as of now, and only the asked routes are looked at."""
    filled = store(tmp_path, [differing(), seen(), seen(Verdict.MATCH, route=WRITE)])
    names = json.dumps([ROUTE])
    known = Explanations({SIGNATURE: rule()}, (), NOW)
    assert len(samples.of_verdict(filled.db, names, Verdict.MATCH, known, 9)) == 1
    assert len(samples.of_verdict(filled.db, names, Verdict.EXPECTED, known, 9)) == 1
    assert samples.of_verdict(filled.db, names, Verdict.MISMATCH, known, 9) == []
