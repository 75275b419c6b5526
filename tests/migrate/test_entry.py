from __future__ import annotations

import subprocess
import sys

_INTERRUPTED = """
import sys, importlib.abc
class Interrupting(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "migrate.cli":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
from migrate.entry import main
main()
"""


def test_an_interrupt_during_the_imports_prints_no_traceback() -> None:
    """Ctrl-C before the first command line was read is exit code 130, in silence."""
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
