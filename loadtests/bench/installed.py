"""Which programs of others are installed: a peer that is not there is named as skipped, never silently absent."""

from __future__ import annotations

import os
import shutil

_PLACES = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
"""Where Debian has servers is on the path of root only."""


def program(name: str) -> str | None:
    """The full path of a program; None when it is not installed."""
    return shutil.which(name, path=_PLACES)


def absent(*names: str) -> tuple[str, ...]:
    """Those of the programs that are not installed."""
    return tuple(name for name in names if program(name) is None)
