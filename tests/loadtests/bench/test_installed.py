from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from loadtests.bench import installed
from loadtests.bench.installed import absent, program

if TYPE_CHECKING:
    import pytest


def test_programs_are_found_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """With their full path; what is not there is named in the order it was asked for."""
    python = Path(sys.executable)
    monkeypatch.setattr(installed, "_PLACES", str(python.parent))
    assert program(python.name) == str(python)
    assert absent("no-such-one", python.name, "nor-this") == ("no-such-one", "nor-this")
