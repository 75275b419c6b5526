from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gateway.store.observations import rules
from migrate.review import TOLERATED_FOR
from tests.migrate.commands.reviewing import SIGNATURE, project

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
