from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from gateway.core.errors import UnreachableError, UsageError
from loadtests.bench import compare as module
from loadtests.bench.change import Change
from loadtests.bench.commit import TREE, commit_of, present
from loadtests.bench.compare import Comparison, compare, interleaved, text
from loadtests.bench.history import Run, append
from loadtests.bench.machine import describe
from loadtests.bench.measure import Plan

if TYPE_CHECKING:
    from pathlib import Path

MISSING = [name for name in ("nginx", "wrk", "taskset", "git") if not shutil.which(name)]
PLAN = Plan(("throughput",), 3, 0.2, 10)


def found(*ratios: float) -> dict[str, Any]:
    """A part with so many rounds beside nginx."""
    sample = {"requests": 100, "microseconds": 1_000_000, "p50": 1, "p99": 2, "errors": 0, "cpu_microseconds": 50.0}
    peers = {"gateway": {"rounds": [sample] * len(ratios)}}
    return {"peers": peers, "gateway_per": {"nginx": {"ratio": ratios[0], "rounds": list(ratios)}}}


def test_what_both_commits_have_in_the_history_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only ratios to peers, since the machine's mood of another day is in everything else."""
    base = commit_of("HEAD")
    monkeypatch.setattr(module, "present", lambda: "c" * 40)
    machine = describe()
    append(tmp_path, Run(base, "2026-11-27", machine, {"throughput": found(0.5, 0.51, 0.49)}))
    append(tmp_path, Run("c" * 40, "2026-11-28", machine, {"throughput": found(0.4, 0.41, 0.39)}))
    comparison = compare("HEAD", PLAN, tmp_path, fresh=False, say=print)
    assert not comparison.interleaved
    assert [change.name for change in comparison.changes] == ["throughput: gateway / nginx"]
    assert [change.name for change in comparison.worse] == ["throughput: gateway / nginx"]


def test_what_the_history_does_not_know_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Turn by turn, each side first as often as the other; what was asked to be fresh too."""
    asked: list[str] = []

    def measured(tree: Path, part: str, plan: Plan) -> dict[str, Any]:
        asked.append("present" if tree == TREE else "base")
        assert (part, plan, (tree / "gateway" / "app.py").exists()) == ("throughput", PLAN, True)
        return {"throughput": found(0.5 + len(asked) / 1e3), "skipped": {"haproxy": "not installed"}}

    monkeypatch.setattr(module, "_measured", measured)
    comparison = compare("HEAD", PLAN, tmp_path, fresh=False, say=lambda _: None)
    assert comparison.interleaved
    assert asked == ["present", "base", "base", "present", "present", "base"]
    assert {change.rounds for change in comparison.changes} == {3}
    assert comparison.skipped == {"haproxy": "not installed"}
    assert compare("HEAD", PLAN, tmp_path, fresh=True, say=lambda _: None).interleaved


def test_a_part_that_a_commit_cannot_do_is_skipped_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are compared; when none can be, that is the answer."""

    def measured(_tree: Path, part: str, _plan: Plan) -> dict[str, Any]:
        if part == "start":
            raise UnreachableError("cannot be measured at base: no such thing")
        return {part: found(0.5)}

    monkeypatch.setattr(module, "_measured", measured)
    comparison = interleaved(commit_of("HEAD"), Plan(("start", "throughput"), 2, 0.2, 1), lambda _: None)
    assert comparison.skipped == {"start": "cannot be measured at base: no such thing"}
    assert len(comparison.changes) == 3
    with pytest.raises(UnreachableError, match="no such thing"):
        interleaved(commit_of("HEAD"), Plan(("start",), 2, 0.2, 1), lambda _: None)


def test_a_comparison_is_told_with_its_bounds() -> None:
    """Ratio, interval and verdict in a line each, what is skipped by name, and how many became slower."""
    changed = (
        Change("a", "less", 1.3, 1.2, 1.4, 5),
        Change("b", "more", 1.01, 0.9, 1.1, 5),
        Change("c", "more", 1.0),
    )
    told = "\n".join(text(Comparison("abc", changed, interleaved=True, skipped={"haproxy": "not installed"})))
    assert "1.300  1.2 to 1.4" in told
    assert told.count("no change within noise") == told.count("too few rounds") == 1
    assert "skipped: haproxy (not installed)" in told
    assert "1 of 3 slower beyond noise and 2%" in told


def test_a_commit_that_does_not_exist_is_a_wrong_call(tmp_path: Path) -> None:
    """Before anything is measured."""
    with pytest.raises(UsageError, match="no commit"):
        compare("nowhere", PLAN, tmp_path, fresh=False, say=print)


@pytest.mark.proof
@pytest.mark.skipif(bool(MISSING), reason=f"installed by make bench only: {MISSING}")
def test_a_copys_own_code_is_what_is_measured(tmp_path: Path) -> None:
    """The present files beside a copy in which one program starts late: that is seen."""
    tree = tmp_path / "slowed"
    with module.copied(present().rstrip("+")) as place:
        shutil.copytree(place, tree)
    spoiled = tree / "gateway" / "server.py"
    spoiled.write_text(spoiled.read_text() + "\nimport time\ntime.sleep(4)\n")
    fast, slow = (module._measured(place, "start", Plan(("start",), 1, 0.2, 1)) for place in (TREE, tree))
    assert slow["start"]["median"]["gateway"] > fast["start"]["median"]["gateway"] + 2_000
