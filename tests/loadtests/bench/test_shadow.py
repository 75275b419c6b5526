from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from loadtests.bench.cores import two_cores
from loadtests.bench.shadow import shadow

if TYPE_CHECKING:
    from pathlib import Path

MISSING = [name for name in ("nginx", "wrk", "taskset") if not shutil.which(name)]


@pytest.mark.proof
@pytest.mark.timeout(240)
@pytest.mark.skipif(bool(MISSING), reason=f"installed by make bench only: {MISSING}")
def test_every_situation_is_measured_beside_the_bare_proxy(tmp_path: Path) -> None:
    """Each stage with each manner of the gateway's side has a share, answer times and no error."""
    said: list[str] = []
    found = shadow(tmp_path, two_cores(), rounds=1, seconds=2.0, say=said.append)
    assert {name for name in found if not name.startswith("mitmdump")} == {
        f"{stage} {manner}" for stage in ("legacy", "shadow") for manner in ("healthy", "slow", "hanging", "dead")
    }
    assert found["mitmdump"]["ratio"] == 1
    for figures in found.values():
        assert figures["rate"] > 0
        assert figures["errors"] == 0
        assert figures["p99"] >= figures["p50"] > 0
        assert figures["cpu_microseconds"] > 0
    assert len(said) == 8
