"""What tables are printed on: as wide as whoever reads them, and in a pipe without trailing blanks."""

from __future__ import annotations

import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Iterator

_IN_A_PIPE = 120
_NARROWEST = 40


def width() -> int:
    """Columns of standard output: `COLUMNS` when set, else the terminal's, else 120; never less than 40."""
    return max(_NARROWEST, shutil.get_terminal_size((_IN_A_PIPE, 0)).columns)


@contextmanager
def printing() -> Iterator[Console]:
    """A console on standard output; in a pipe everything comes at the end, so that no line ends in blanks."""
    console = Console(highlight=False, width=width())
    if console.is_terminal:
        yield console
        return
    with console.capture() as captured:
        yield console
    sys.stdout.write("\n".join(line.rstrip() for line in captured.get().split("\n")))
    sys.stdout.flush()
