from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store.counts import count_refusal
from migrate.commands.decision import Asked, run
from reports.explained import refusal_signature
from tests.reports.builders import NOW, ROUTE, store

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_hostile_reasons_are_shown_and_not_obeyed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What was recorded is printed with its controls as escapes."""
    filled = store(tmp_path)
    count_refusal(filled.db, route=ROUTE, subject="s", status=403, reason="\x1b[2J", at=NOW)
    signature = refusal_signature(ROUTE, 403, "\x1b[2J")
    asked = Asked("accept", signature, "fine", "ann")
    run(asked, store=filled.path, config=tmp_path / "none.yaml", as_json=False)
    said = capsys.readouterr().out
    assert "would refuse 403 \\x1b[2J" in said
    assert "hides 1 refusal of 1 subject" in said
