"""Which commit a benchmark measured, and a copy of another one's files."""

from __future__ import annotations

import contextlib
import io
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

TREE = Path(__file__).parents[2]
"""The files that this process runs from."""
_BENCH = Path("loadtests") / "bench"


def commit_of(name: str, tree: Path = TREE) -> str:
    """The full hash of a commit that is named by hash, tag, branch or `HEAD~2`.

    Raises:
        UsageError: there is none of that name.
    """
    done = _git(tree, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if done.returncode:
        raise UsageError(f"{name!r} is no commit of {tree}; name one, as in BASE=main")
    return done.stdout.decode().strip()


def present(tree: Path = TREE) -> str:
    """The commit of a tree, with `+` behind it when files of it were changed since; empty outside of git."""
    with contextlib.suppress(UsageError, FileNotFoundError):
        changed = _git(tree, "status", "--porcelain", "--untracked-files=no").stdout.strip()
        return commit_of("HEAD", tree) + ("+" if changed else "")
    return ""


@contextlib.contextmanager
def copied(commit: str, tree: Path = TREE) -> Iterator[Path]:
    """The files of a commit in a directory that is gone with the block, with the benchmarks of `tree` among them.

    So both are measured by the same code. It is no registered worktree: nothing is left in the repository even if
    this process is killed.
    """
    with tempfile.TemporaryDirectory(prefix="cutover-base-") as directory:
        archive = _git(tree, "archive", "--format=tar", commit).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(directory, filter="data")
        place = Path(directory) / _BENCH
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(tree / _BENCH, place, ignore=shutil.ignore_patterns("__pycache__"))
        yield Path(directory)


def _git(tree: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    git = shutil.which("git") or "git"
    return subprocess.run([git, "-C", str(tree), *words], capture_output=True, check=False)
