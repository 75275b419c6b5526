"""The console script: nothing is imported before an interrupt can be answered with one line."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line; Ctrl-C, also during the imports, ends with exit code 130, one line and no traceback."""
    try:
        from migrate.cli import main as run  # noqa: PLC0415 - the import is what may be interrupted

        run()
    except KeyboardInterrupt:
        _end()


def _end() -> None:
    import signal  # noqa: PLC0415 - it takes longer to import than anything that could be interrupted before it

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        sys.stderr.write("cutover: interrupted\n")
        sys.stderr.flush()
        sys.stdout.flush()
    finally:
        # Every context has been left. The interpreter's own end would take a second Ctrl-C for a traceback, and after
        # an interrupt inside exec() (the making of a dataclass) it would kill itself with the signal, not exit.
        os._exit(130)
