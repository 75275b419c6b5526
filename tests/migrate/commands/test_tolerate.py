from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.core.observation import Difference, DifferenceKind
from gateway.store.observations import rules
from migrate.review import TOLERATED_FOR
from tests.migrate.commands.reviewing import SIGNATURE, project
from tests.reports.builders import ROUTE

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_tolerated_for_two_weeks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a day a signature is tolerated for 14 days, with one to its end; both are printed."""
    made = project(tmp_path, monkeypatch, capsys)
    code, out, _ = made.cutover("tolerate", SIGNATURE, "--reason", "until the next release")
    assert (code, ", until " in out) == (0, True)
    expires = rules(made.filled.db)[SIGNATURE].expires
    assert expires is not None
    assert abs(expires - time.time() - TOLERATED_FOR) < 60
    assert made.cutover("report", "diffs")[0] == 0
    _, out, _ = made.cutover("tolerate", SIGNATURE, "--reason", "longer", "--expires", "2130-01-31")
    assert "until 2130-02-01 00:00:00Z (was tolerated by " in out


def test_tolerated_up_to_a_meaning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is so near counts as agreement, earlier differences too; the preview and the list say what lies beyond."""
    made = project(tmp_path, monkeypatch, capsys)
    at = Difference("body", "$.at", DifferenceKind.CHANGED, "10:00:00", "10:00:01", alike="timestamp 1s")
    made.differ(at, subject="a")
    made.differ(replace(at, gateway="10:30", alike="timestamp 3600s"), subject="b")
    signature = at.signature(ROUTE)
    call = ("tolerate", signature, "--as", "timestamp 2s", "--reason", "clocks")
    code, out, _ = made.cutover(*call)
    assert code == 0
    assert "1 of those lie beyond timestamp 2s: it holds for no more than that" in out
    assert "10:00:00 → 10:30 (beyond timestamp 2s)" in out
    assert "$.at changed, as timestamp 2s, seen 2 times" in out
    assert rules(made.filled.db)[signature].meaning == "timestamp 2s"
    shown = made.cutover("diffs")[1]
    assert "tolerated as timestamp 2s, and some lie beyond it" in shown
    assert signature in shown
    for verdict, subjects in (("expected", ["a"]), ("mismatch", ["b"])):
        document = json.loads(made.cutover("diffs", "--verdict", verdict, "--json")[1])
        assert [one["subject"] for one in document["observations"] if one["subject"] in "ab"] == subjects
    made.cutover(*call[:3], "timestamp 1h", *call[4:])
    shown = made.cutover("diffs", "--all")[1]
    assert "tolerated as timestamp 1h\n" in shown
    assert "lie beyond" not in shown
