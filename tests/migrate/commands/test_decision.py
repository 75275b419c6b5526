from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store.counts import count_refusal
from migrate.commands.decision import run
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
    run("accept", signature, "fine", "ann", "", store=filled.path, as_json=False)
    assert "would refuse 403 \\x1b[2J" in capsys.readouterr().out
