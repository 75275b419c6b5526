from __future__ import annotations

import io
import re
import time
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from migrate.demo.run import DEFECTIVE_ROUTE, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.proof
@pytest.mark.timeout(200)
def test_the_whole_migration_is_shown(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """The demo moves every route, catches the seeded defect, rolls back and forward, loads, and reports."""
    out = io.StringIO()
    started = time.monotonic()
    run(tmp_path / "demo", Console(file=out, width=118))
    record_property("seconds", f"{time.monotonic() - started:.0f}")
    text = out.getvalue()
    assert f"{DEFECTIVE_ROUTE} (shadow)" in text
    assert "upstream.query action" in text
    assert "not ready" in text
    assert "no open signature is left" in text
    assert re.search(r"pools\.list: gateway → shadow", text)
    assert "passed: load-" in text
    for report in ("diffs.html", "readiness.html"):
        assert (tmp_path / "demo" / report).stat().st_size > 10_000
