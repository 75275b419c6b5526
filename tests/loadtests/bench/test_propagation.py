from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from loadtests.bench import propagation as module
from loadtests.bench.cores import two_cores
from loadtests.bench.propagation import propagation

if TYPE_CHECKING:
    from pathlib import Path

MISSING = [name for name in ("taskset",) if not shutil.which(name)]


def test_figures_are_of_every_change() -> None:
    """Median, 99th percentile and the most, in the values' own unit."""
    assert module._figures([float(n) for n in range(200, 0, -1)]) == {
        "p50": 100.5, "p99": 199.0, "most": 200.0, "changes": 200,
    }  # fmt: skip


@pytest.mark.proof
@pytest.mark.skipif(bool(MISSING), reason=f"installed by make bench only: {MISSING}")
def test_every_gateway_is_seen_to_obey_without_nginx_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each change is seen once by each gateway; where nginx is not installed, the rest is measured all the same."""
    monkeypatch.setattr("loadtests.bench.installed._PLACES", "")
    found = propagation(tmp_path, two_cores(), rounds=1, seconds=0.6, say=lambda _: None)
    assert found["gateway"]["changes"] == 3 * module.GATEWAYS
    assert 0 < found["gateway"]["p50"] <= found["gateway"]["most"] < 2_000
    assert "ratio" not in found
