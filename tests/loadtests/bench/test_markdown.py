from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.core.errors import RefusedError
from loadtests.bench.history import Run
from loadtests.bench.markdown import markdown
from tests.loadtests.bench.test_table import FOUND

MACHINE = {"id": "m", "cores": 2, "processor": "Fast One", "python": "3.13.0", "load": 0.25}
README = Path(__file__).parents[3] / "README.md"


def run(
    found: dict[str, Any], at: str = "2026-11-28T10:00:00+00:00", machine: str = "m", commit: str = "a" * 40
) -> Run:
    """A run on a machine."""
    return Run(commit, at, {**MACHINE, "id": machine}, found)


def test_every_part_is_a_row() -> None:
    """What was measured beside its goal, then where it comes from and what is missing."""
    table = markdown([run({**FOUND, "skipped": {"haproxy": "not installed"}})])
    assert table.startswith("| what | measured | goal |\n|---|---|---|\n")
    assert "of nginx `proxy_pass` | 0.45 (0.44 to 0.46) | >= 0.4, met |" in table
    assert "of FastAPI+httpx | 29 (29 to 29) | >= 30, MISSED |" in table
    assert "| 1.50 (150 beside 100 us) | <= 2, met |" in table
    assert "of a bare mitmdump | 0.80 to 1.20 | >= 0.9, MISSED |" in table
    assert "until 3 other processes obey it | median 20 ms, p99 22 ms; 0.50 of a reload of nginx" in table
    assert "| `cutover gateway`, from start to first answer | 1000 ms; 20.0 of nginx, 2.0 of plain |" in table
    assert "`make bench` on 2026-11-28 at aaaaaaaaaa: 2 cores of Fast One, Python 3.13.0, load average 0.25" in table
    assert "Skipped: haproxy (not installed)." in table


def test_each_part_is_the_newest_of_the_last_machine() -> None:
    """An older run fills what the last did not measure; another machine's figures are never mixed in."""
    runs = [
        run({"latency": FOUND["latency"], "skipped": {"wrk": "x"}}, "2026-11-20", commit="b" * 40 + "+"),
        run({"sockets": FOUND["sockets"]}, "2026-11-21", machine="other"),
        run({"store": {"rate": 6000.0, "summary": 0.1, "observed": 1_000_000}}),
    ]
    table = markdown(runs)
    assert "1.50" in table
    assert "1,000,000 observations" in table
    assert "WebSocket" not in table
    assert "on 2026-11-20 to 2026-11-28 at aaaaaaaaaa, bbbbbbbbbb+" in table


def test_a_peer_that_was_missing_has_no_row() -> None:
    """Without nginx there is no ratio to it, and none is made up."""
    alone = {
        "throughput": {"peers": {}, "gateway_per": {"plain": {"ratio": 40.0, "rounds": [40.0]}}},
        "latency": {"peers": {}, "added": {"gateway": 100.0}},
    }
    assert "nginx" not in markdown([run(alone)])


def test_an_empty_history_is_refused() -> None:
    """The command that fills it is named."""
    with pytest.raises(RefusedError, match="make bench"):
        markdown([])


def test_readme_names_the_command_that_prints_its_table() -> None:
    """Whoever doubts a number can print it anew."""
    assert "make bench-table" in README.read_text()
