from __future__ import annotations

import subprocess
import sys

from gateway import __version__


def test_the_package_runs_as_the_command() -> None:
    """`python -m migrate` is `cutover`."""
    done = subprocess.run(
        [sys.executable, "-m", "migrate", "--version"], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.stdout == f"cutover {__version__}\n"
