"""The comparing core's part of the benchmark."""

from __future__ import annotations

import json

from loadtests.bench.diff import GOALS, document, lines, rows
from shadow.diff import json_body

FIGURES = {
    "ours": {"equal": 0.05, "parsed": 0.09, "respelled": 1.5, "rows": 25.0, "nameless": 20.0},
    "deepdiff": {"equal": 10.0, "rows": 10_000.0},
}


def test_the_documents_are_what_they_are_said_to_be() -> None:
    """Ten kilobytes, the same by value in another order; two hundred rows of which eighty changed."""
    size = len(json.dumps(document(10_000), separators=(",", ":")))
    assert 10_000 <= size < 10_200
    assert json_body.diff(document(10_000), document(10_000, turned=True)) == []
    assert json.dumps(document(10_000)) != json.dumps(document(10_000, turned=True))
    kinds = [found.path for found in json_body.diff(rows(), rows(80))]
    assert len(rows()) == 200
    assert len(kinds) == 81
    assert kinds[0] == "$"


def test_goals_are_told_as_met_or_missed() -> None:
    """Beside DeepDiff's own time, where it was taken."""
    told = list(lines(FIGURES))
    assert "0.050  met <= 0.1  DeepDiff 10.0, 200 times" in told[1]
    assert "25.000  MISSED <= 20  DeepDiff 10,000.0, 400 times" in told[4]
    assert "met" not in told[3] + told[5]
    assert set(GOALS) == {"equal", "parsed", "rows"}
