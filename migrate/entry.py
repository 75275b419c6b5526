"""The console script: nothing is imported before an interrupt can be answered with one line."""

from __future__ import annotations


def main() -> None:
    """Run the command line; Ctrl-C during the imports ends with exit code 130 and no traceback."""
    try:
        from migrate.cli import main as run  # noqa: PLC0415 - the import is what may be interrupted
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    run()
