from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import UsageError
from loadtests.bench.commit import commit_of, copied, present

if TYPE_CHECKING:
    from pathlib import Path


def git(tree: Path, *words: str) -> str:
    """Git, with an identity of its own."""
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.com"]
    return subprocess.run(
        ["git", *identity, "-C", str(tree), *words], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository of one commit, whose benchmarks changed since."""
    root = tmp_path / "tree"
    bench = root / "loadtests" / "bench"
    bench.mkdir(parents=True)
    (bench / "old.py").write_text("old")
    (root / "code.py").write_text("1")
    git(root, "init", "--quiet")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "one")
    (root / "code.py").write_text("2")
    (bench / "old.py").unlink()
    (bench / "new.py").write_text("new")
    return root


def test_commits_are_named_as_git_names_them(tree: Path) -> None:
    """By hash, branch or HEAD; what is none is a wrong call, an option in a name's place too."""
    head = git(tree, "rev-parse", "HEAD")
    assert commit_of("HEAD", tree) == commit_of(head[:9], tree) == head
    for name in ("nowhere", "HEAD~1", "", "--help"):
        with pytest.raises(UsageError, match="no commit"):
            commit_of(name, tree)


def test_a_changed_tree_is_not_its_commit(tree: Path, tmp_path: Path) -> None:
    """A plus marks what nobody could check out again; outside of git there is no commit."""
    head = git(tree, "rev-parse", "HEAD")
    assert present(tree) == head + "+"
    git(tree, "checkout", "--quiet", ".")
    assert present(tree) == head
    assert present(tmp_path) == ""


def test_a_copy_has_the_commits_code_and_todays_benchmarks(tree: Path) -> None:
    """Both sides are measured by the same code; afterwards nothing is left, in the repository neither."""
    with copied(git(tree, "rev-parse", "HEAD"), tree) as place:
        assert (place / "code.py").read_text() == "1"
        assert [file.name for file in (place / "loadtests" / "bench").iterdir()] == ["new.py"]
        assert (tree / "code.py").read_text() == "2"
    assert not place.exists()
    assert git(tree, "worktree", "list").count("\n") == 0
