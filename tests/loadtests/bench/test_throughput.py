from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from loadtests.bench.cores import two_cores
from loadtests.bench.peers import DIRECT, NGINX, TARGET, peers, tokens
from loadtests.bench.throughput import Round, added, interleaved, rate, ratio, ratios
from loadtests.bench.wrk import Sample, script

if TYPE_CHECKING:
    from pathlib import Path

MISSING = [name for name in ("nginx", "wrk", "taskset") if not shutil.which(name)]


def one(requests: int, p50: float = 0) -> Round:
    """A round of one second."""
    return Round(Sample(requests, 1_000_000, p50, 0, 0), 0.5)


ROUNDS = {"a": [one(100, 30), one(300, 50), one(200, 40)], "b": [one(400, 10), one(400, 20), one(500, 10)]}


def test_the_ratio_is_of_medians() -> None:
    """200 of 400 is a half, whatever the single rounds gave."""
    assert rate(ROUNDS["a"]) == 200
    assert ratio(ROUNDS, "a", "b") == 0.5


def test_each_round_has_its_ratio() -> None:
    """The spread is told by the ratios of the rounds; nothing divides by nothing."""
    assert ratios(ROUNDS, "a", "b") == [0.25, 0.75, 0.4]
    assert ratios({"a": [one(1)], "b": [one(0)]}, "a", "b") == [0.0]
    assert ratio({"a": [one(1)], "b": [one(0)]}, "a", "b") == 0.0


def test_added_time_is_told_within_rounds() -> None:
    """The median over rounds of what one peer takes longer than the other."""
    assert added(ROUNDS, "a", "b") == 30


def test_processor_time_is_per_request() -> None:
    """Half a second for a hundred requests is five milliseconds each."""
    assert one(100).cpu_microseconds == 5000


@pytest.mark.skipif(bool(MISSING), reason=f"installed by make bench only: {MISSING}")
def test_rounds_are_interleaved(tmp_path: Path) -> None:
    """Every peer is asked in every round, and answers without an error."""
    written = tmp_path / "ask.lua"
    written.write_text(script(TARGET, tokens()))
    cores, said = two_cores(), list[str]()
    with peers(tmp_path, cores, NGINX) as started:
        found = interleaved(cores, started, written, connections=4, rounds=2, seconds=0.2, say=said.append)
    assert [line.split()[2] for line in said] == [DIRECT, NGINX, DIRECT, NGINX]
    assert all(turn.sample.requests and not turn.sample.errors for turns in found.values() for turn in turns)
