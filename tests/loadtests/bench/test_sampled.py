"""Looking at what a command is at."""

from __future__ import annotations

import json
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from loadtests.bench.sampled import Samples, main

if TYPE_CHECKING:
    from pathlib import Path


def busy(samples: Samples) -> None:
    """Work until somebody has looked."""
    end = time.monotonic() + 10
    while not samples.taken and time.monotonic() < end:
        sum(range(1000))


def test_working_functions_are_seen() -> None:
    """Who works is counted for itself, and so are those who called it; beginning anew forgets."""
    samples = Samples()
    before = signal.signal(signal.SIGPROF, samples.take)
    try:
        samples.begin()
        busy(samples)
        samples.end()
    finally:
        signal.signal(signal.SIGPROF, before)
    seen = samples.to_json()
    own = "tests/loadtests/bench/test_sampled.py:"
    assert seen["taken"] >= 1
    assert seen["itself"][f"{own}busy"] >= 1
    assert seen["within"][f"{own}test_working_functions_are_seen"] == seen["within"][f"{own}busy"]
    samples.begin()
    samples.end()
    assert samples.to_json() == {"taken": 0, "itself": {}, "within": {}}


def test_the_command_runs_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command gets its own words; what was seen is written when the process ends."""
    written = []
    monkeypatch.setattr("atexit.register", written.append)
    monkeypatch.setattr(sys, "argv", [])
    handlers = {number: signal.getsignal(number) for number in (signal.SIGPROF, signal.SIGUSR1, signal.SIGUSR2)}
    try:
        with pytest.raises(SystemExit) as ended:
            main([str(tmp_path / "seen.json"), "routes", "--help"])
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert ended.value.code == 0
    assert "routes" in capsys.readouterr().out
    written[0]()
    assert json.loads((tmp_path / "seen.json").read_text())["taken"] == 0
