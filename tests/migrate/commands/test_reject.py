from __future__ import annotations

from typing import TYPE_CHECKING

from tests.migrate.commands.reviewing import SIGNATURE, project

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_rejected_signature_is_a_defect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rejecting opens what was accepted, and shows it as rejected."""
    made = project(tmp_path, monkeypatch, capsys)
    made.cutover("accept", SIGNATURE, "--reason", "hasty", "--by", "ann")
    code, out, _ = made.cutover("reject", SIGNATURE, "--reason", "the name must stay", "--by", "bob")
    assert code == 0
    assert "(was expected by ann)" in out
    code, out, _ = made.cutover("report", "diffs")
    assert (code, "rejected" in out) == (1, True)
