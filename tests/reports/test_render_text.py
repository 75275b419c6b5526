from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.observation import Verdict
from reports import diff_report, readiness_report, render_text
from reports.figures import PAST_THE_SHADOW
from tests.reports import rendering
from tests.reports.builders import OPEN, ROUTE, WRITE, clean, differing, store, table

if TYPE_CHECKING:
    from pathlib import Path

SIGNATURE = OPEN.signature(ROUTE)


def fits(text: str) -> bool:
    """Whether no line is wider than 100 columns and nothing but printable text is in it."""
    return all(
        len(line) <= 100 and line.replace("\N{NO-BREAK SPACE}", " ").isprintable() for line in text.split("\n")
    )


def test_open_differences_with_their_values(tmp_path: Path) -> None:
    """Open and rejected signatures stand with place and both values; explained ones only when asked for."""
    report = rendering.diffs(tmp_path)
    text = render_text.diffs(report)
    assert fits(text)
    assert "body $[*].name" in text
    assert "old → new" in text
    assert "rejected" in text
    assert "would refuse 1 subject: 403" in text
    assert "bob (1)" in text
    assert "2 open signatures, 1 explained." in text
    assert "auth-401" not in text
    assert "500 → 401" in render_text.diffs(report, every=True)


def test_long_values_stand_under_each_other(tmp_path: Path) -> None:
    """Both values of a difference begin their own line, indented alike, when one line would wrap."""
    long = OPEN.__class__("body", "$.at", OPEN.kind, "2026-11-23T00:17:31.39", "2026-11-23T00:17:31.38")
    made = store(tmp_path, [differing(long)])
    lines = render_text.diffs(diff_report.build(made.db, made.evidence())).splitlines()
    (legacy,) = (line for line in lines if ".39" in line)
    (gateway,) = (line for line in lines if ".38" in line)
    assert gateway.index("→") == legacy.index("2026")


def test_a_limit_says_what_it_left_out(tmp_path: Path) -> None:
    """The number of signatures left out is named."""
    assert "and 1 more; --limit shows more" in render_text.diffs(rendering.diffs(tmp_path), limit=1)


def test_nothing_compared_says_what_to_do(tmp_path: Path) -> None:
    """An empty store, and one with observations of older digests only, get the next command to run."""
    empty, stale = store(tmp_path / "empty"), store(tmp_path / "stale", clean(2, digest="before"))
    for made in (empty, stale):
        text = render_text.diffs(diff_report.build(made.db, made.evidence()))
        assert "Nothing was compared yet on the current route digests" in text
        assert "cutover replay" in text
        assert "waits for review" not in text


def test_what_is_in_no_number_is_said_once(tmp_path: Path) -> None:
    """Both reports end with the calls that nobody sees."""
    for text in (
        render_text.diffs(rendering.diffs(tmp_path / "d"), width=200),
        render_text.readiness(rendering.readiness(tmp_path / "r"), width=200),
    ):
        assert text.count(PAST_THE_SHADOW) == 1
        assert text.endswith(PAST_THE_SHADOW)


def test_readiness_names_what_is_missing(tmp_path: Path) -> None:
    """One line per route, and for each waiting one every check that did not pass."""
    text = render_text.readiness(rendering.readiness(tmp_path))
    assert fits(text)
    assert "canary 12.5 %" in text
    assert f"{WRITE}, shadow → canary, misses:" in text
    assert "0 of 2 routes ready for the next step." in text


def test_a_route_without_traffic(tmp_path: Path) -> None:
    """What is unknown is a dash and not a number."""
    text = render_text.readiness(readiness_report.build(store(tmp_path).evidence(), table()))
    assert text.count(" - ") >= 2
    assert "0.0 %" not in text


def test_samples_side_by_side() -> None:
    """Each difference stands with both values; the asked signature is marked."""
    assert fits(render_text.samples([differing(OPEN, rendering.HOSTILE)], SIGNATURE))
    text = render_text.samples([differing()], SIGNATURE)
    assert "▶ body $[id=7].name (changed)" in text
    assert "legacy 200, gateway 200" in text
    assert render_text.samples([], SIGNATURE) == "No sample of it is stored."


def test_observations_of_a_verdict() -> None:
    """A line for each observation, with the places that differ."""
    text = render_text.observed([differing()], Verdict.MISMATCH)
    assert "verdict mismatch" in text
    assert "body $[id=7].name" in text


def test_exercised_shapes_on_request(tmp_path: Path) -> None:
    """With everything that is explained, the shapes that were exercised, labelled as weaker."""
    report = rendering.diffs(tmp_path)
    assert "weaker evidence" not in render_text.diffs(report)
    text = render_text.diffs(report, every=True)
    assert "weaker evidence" in text
    assert "without parameters" in text
