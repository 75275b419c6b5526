from __future__ import annotations

from typing import TYPE_CHECKING

from reports.diff_report import between, build
from tests.reports.builders import NOW, OPEN, ROUTE, WRITE, differing, rule, seen, store

if TYPE_CHECKING:
    from pathlib import Path


def test_a_line_holds_what_a_reviewer_needs(tmp_path: Path) -> None:
    """Share, newest sample with both values, and the decision on it stand with each signature."""
    filled = store(tmp_path, [differing(), seen(), seen(), seen()])
    filled.decide(rule("rejected"))
    report = build(filled.db, filled.evidence())
    (route,) = report.routes
    (line,) = route.lines
    assert (line.share, line.standing, report.open, report.explained) == (0.25, "rejected", 1, 0)
    assert line.difference == OPEN
    assert line.sample is not None
    assert line.rule is not None
    assert line.rule.owner == "qa"


def test_explained_lines_name_what_explains_them(tmp_path: Path) -> None:
    """An accepted signature is no longer open."""
    filled = store(tmp_path, [differing()])
    filled.decide(rule("tolerated"))
    report = build(filled.db, filled.evidence())
    assert (report.open, report.explained) == (0, 1)
    assert report.routes[0].lines[0].standing == "rule:tolerated"


def test_only_asked_and_compared_routes(tmp_path: Path) -> None:
    """Routes outside the globs, and those never compared, are left out; stale evidence is shown as such."""
    filled = store(tmp_path, [seen(digest="before")])
    assert [route.evidence.route for route in build(filled.db, filled.evidence()).routes] == [ROUTE]
    assert build(filled.db, filled.evidence(), (WRITE, "keys.*")).routes == ()


def test_missing_data_is_never_clean(tmp_path: Path) -> None:
    """Clean is something compared on the current digests, and nothing open."""
    for name, items, clean in (
        ("empty", [], False),
        ("stale", [seen(digest="before")], False),
        ("open", [differing()], False),
        ("compared", [seen(), seen(digest="before")], True),
    ):
        filled = store(tmp_path / name, items)
        report = build(filled.db, filled.evidence())
        assert report.clean is clean, name
        assert report.compared == sum(item.digest != "before" for item in items)


def test_only_what_was_seen_between_two_moments(tmp_path: Path) -> None:
    """A signature is in it when it was last seen from the first moment on, and first seen before the second."""
    filled = store(tmp_path, [differing(at=NOW - 7200), differing(at=NOW - 3600)])
    report = build(filled.db, filled.evidence())
    assert between(report, None, None) is report
    for since, until, lines in (
        (NOW - 3600, None, 1),
        (NOW - 3599, None, 0),
        (None, NOW - 7199, 1),
        (None, NOW - 7200, 0),
        (NOW - 5000, NOW - 4000, 1),
    ):
        found = between(report, since, until)
        assert (found.since, found.until, found.open) == (since, until, lines)
        assert found.compared == report.compared
