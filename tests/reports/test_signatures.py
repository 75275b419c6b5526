from __future__ import annotations

from reports.explained import Explanations
from reports.signatures import by_route
from tests.reports.builders import NOW, OPEN, ROUTE, rule

ROW = {
    "route": ROUTE,
    "signature": OPEN.signature(ROUTE),
    "by": "",
    "path": OPEN.path,
    "pattern": OPEN.pattern,
    "location": OPEN.location,
    "kind": str(OPEN.kind),
    "count": 3,
    "observations": 2,
    "first": 10.0,
    "last": 20.0,
    "sample": "o1",
}


def test_rows_of_one_signature_are_merged() -> None:
    """Explained and unexplained occurrences are added up; one unexplained keeps it open; the newest sample stays."""
    rows = [ROW, {**ROW, "by": "ws-url", "first": 5.0, "last": 30.0, "sample": "o2"}]
    (item,) = by_route(rows, Explanations({}, (), NOW))[ROUTE]
    assert (item.count, item.observations, item.first_seen, item.last_seen) == (6, 4, 5.0, 30.0)
    assert (item.sample, item.by) == ("o2", "")


def test_open_ones_come_first_then_the_heaviest() -> None:
    """Explained signatures stand last, whatever their weight."""
    rows = [
        {**ROW, "signature": "light", "count": 1},
        {**ROW, "signature": "known", "count": 99, "by": "ws-url"},
        {**ROW, "signature": "heavy", "count": 9},
    ]
    found = by_route(rows, Explanations({}, (), NOW))[ROUTE]
    assert [item.signature for item in found] == ["heavy", "light", "known"]


def test_rejected_ones_are_marked() -> None:
    """A rejected signature is open and says so."""
    (item,) = by_route([ROW], Explanations({ROW["signature"]: rule("rejected")}, (), NOW))[ROUTE]
    assert item.rejected
    assert not item.by
