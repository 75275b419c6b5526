"""A console that does not cut tables when its output goes to a file."""

from __future__ import annotations

from rich.console import Console

_WIDE = 200


def console() -> Console:
    """Standard output: the terminal's width, or wide enough for every column in a pipe."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=_WIDE)
