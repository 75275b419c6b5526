from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reports import render_json
from reports.bound import pairs_needed
from reports.checks import CHECKS
from reports.criteria import Targets
from tests.reports import rendering

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs"
CHECKS_PAGE = (DOCS / "checks.md").read_text()
REPORTS_PAGE = (DOCS / "reports.md").read_text()


def test_every_check_has_its_row() -> None:
    """The page lists the checks of the registry, in its order, and no other."""
    section = CHECKS_PAGE.partition("## Targets")[0]
    assert re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE) == [check.name for check in CHECKS]


def test_every_target_has_its_default() -> None:
    """The page names each target with the default it has."""
    section = CHECKS_PAGE.partition("## Targets")[2].partition("##")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", section, re.MULTILINE))
    assert {name: float(value) for name, value in rows.items()} == {
        item.name: float(getattr(Targets(), item.name)) for item in fields(Targets)
    }


def test_the_promised_numbers_of_pairs() -> None:
    """The table of pairs is what the bound says."""
    rows = re.findall(r"^\| ([\d.]+) % \| (.+) \|$", CHECKS_PAGE, re.MULTILINE)
    assert len(rows) == 3
    for target, cells in rows:
        promised = [int(cell.replace(" ", "")) for cell in cells.split("|")]
        assert promised == [pairs_needed(float(target) / 100, 0, bad) + bad for bad in (0, 1, 2, 10)]


def keys(value: Any) -> Iterator[str]:
    """Every key of a document, except those that are data."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            if name not in {"buckets", "targets", "rule"}:
                yield from keys(item)
    elif isinstance(value, list):
        for item in value:
            yield from keys(item)


def test_every_key_is_documented(tmp_path: Path) -> None:
    """Each key of both documents stands on the page in code, as does each schema."""
    named = set(re.findall(r"[\w/]+", " ".join(re.findall(r"`([^`\n]+)`", REPORTS_PAGE))))
    for document in (
        render_json.diffs(rendering.diffs(tmp_path / "d")),
        render_json.readiness(rendering.readiness(tmp_path / "r")),
    ):
        assert document["schema"] in named
        assert set(keys(document)) - named == set()
    assert render_json.OBSERVATIONS in named
