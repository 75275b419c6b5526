"""The command line in this process: exit code and both outputs."""

from __future__ import annotations

import io
import os
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING

from migrate.cli import main

if TYPE_CHECKING:
    from pathlib import Path

SECRETS = {
    "CUTOVER_JWT_SECRET": "test-jwt-secret-0123456789abcdef0123456789",
    "CUTOVER_INTERNAL_KEY": "test-internal-key-0123456789abcdef0123",
}
ENVIRONMENT = {**os.environ, **SECRETS}


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left."""

    code: int
    out: str
    err: str


def cutover(folder: Path, *arguments: str) -> Done:
    """Run `cutover ARGUMENTS` in a folder."""
    out, err = io.StringIO(), io.StringIO()
    before = sys.argv
    sys.argv = ["cutover", *arguments]
    code = 0
    try:
        with chdir(folder), redirect_stdout(out), redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    finally:
        sys.argv = before
    return Done(code, out.getvalue(), err.getvalue())
