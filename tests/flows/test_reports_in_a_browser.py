"""Both reports of a recorded session in a real browser: both widths, both themes."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from migrate.presets import write
from tests.apps.chromium import browser
from tests.apps.recordings import internal_key, shipped, signing_key

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Parts that stick out of the page, less those inside a box that scrolls or folds them.
STICKING_OUT = """
Array.from(document.querySelectorAll('body *')).filter(one => {
  const box = one.getBoundingClientRect();
  if (!box.width || box.right <= innerWidth + 1) return false;
  for (let up = one.parentElement; up; up = up.parentElement)
    if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(up).overflowX)) return false;
  return true;
}).slice(0, 5).map(one => one.tagName + '.' + one.className + ' ' + one.textContent.slice(0, 40))
"""


@pytest.mark.proof
@pytest.mark.timeout(180)
def test_reports_fit_and_load_nothing(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    """At 1280 and 390 pixels, light and dark, nothing sticks out of a report, and it asks for nothing but itself."""
    write(tmp_path / "cutover.yaml")
    keys = {"CUTOVER_JWT_SECRET": signing_key(), "CUTOVER_INTERNAL_KEY": internal_key()}
    har = str(shipped("dashboard-session.har"))
    for arguments in (
        ["replay", har, "--against", "embedded", "--record"],
        ["report", "diffs", "--html", "diffs.html"],
        ["report", "readiness", "--html", "readiness.html"],
    ):
        command = [sys.executable, "-m", "migrate", *arguments]
        done = subprocess.run(command, cwd=tmp_path, env={**os.environ, **keys}, capture_output=True, check=False)
        assert done.returncode in {0, 1}, done.stderr
    with browser() as page:
        for report in ("diffs", "readiness"):
            url = (tmp_path / f"{report}.html").as_uri()
            for width in (1280, 390):
                for dark in (False, True):
                    page.requests.clear()
                    page.open(url, width, dark=dark)
                    assert page.requests == [url]
                    assert page.evaluate(STICKING_OUT) == [], (report, width)
                    assert page.evaluate("document.scripts.length") == 0
                    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=width:3000px>wide</p>')")
                    assert page.evaluate(STICKING_OUT) == ["P. wide"], "the search itself"
            record_property(f"{report} weighs", f"{(tmp_path / f'{report}.html').stat().st_size // 1024} KiB")
