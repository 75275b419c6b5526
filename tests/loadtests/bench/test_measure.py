from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import UnreachableError
from loadtests.bench import measure as module
from loadtests.bench.cores import Cores, two_cores
from loadtests.bench.measure import PARTS, Plan, measure, percentile
from loadtests.bench.table import text

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.proof

MISSING = [name for name in ("nginx", "haproxy", "wrk", "taskset") if not shutil.which(name)]


def test_percentiles_are_of_the_values() -> None:
    """The value at a share of all, and nothing of nothing."""
    values = [float(n) for n in range(100, 0, -1)]
    assert percentile(values, 50) == 51
    assert percentile(values, 99) == 100
    assert percentile([], 99) == 0


def test_what_is_not_installed_is_skipped_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part without its program and a peer that is missing are named; without any part there is no run."""
    bare = tmp_path / "bin"
    bare.mkdir()
    (bare / "taskset").symlink_to("/bin/true")
    monkeypatch.setattr("loadtests.bench.installed._PLACES", str(bare))
    assert module._skipped(PARTS) == {
        **dict.fromkeys(("throughput", "latency", "shadow", "candidates", "profile"), "wrk: not installed"),
        "nginx": "not installed",
        "haproxy": "not installed",
    }
    with pytest.raises(UnreachableError, match="latency needs wrk"):
        measure(Plan(("latency",), 1, 0.2, 1), tmp_path, Cores(0, 1), say=print)
    (bare / "taskset").unlink()
    assert module._skipped(["diff", "store"]) == {}


SLOW = (pytest.mark.proof, pytest.mark.timeout(180))


@pytest.mark.skipif(bool(MISSING), reason=f"installed by make bench only: {MISSING}")
@pytest.mark.parametrize("part", [pytest.param(part, marks=() if part == "latency" else SLOW) for part in PARTS])
def test_each_part_has_numbers(tmp_path: Path, part: str) -> None:
    """One short round of each part fills its numbers without an error, and they can be printed."""
    said: list[str] = []
    found = measure(Plan((part,), 1, 0.2, 10), tmp_path, two_cores(), say=said.append)
    assert found["plan"]["parts"] == (part,)
    assert "ERRORS" not in text(found)
    assert said
