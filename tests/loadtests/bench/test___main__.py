from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gateway.core.errors import UnreachableError
from loadtests.bench import __main__ as command
from loadtests.bench.change import Change
from loadtests.bench.commit import present
from loadtests.bench.compare import Comparison
from loadtests.bench.history import read
from loadtests.bench.machine import describe

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from loadtests.bench.measure import Plan


def test_numbers_are_printed_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The parts that are asked for are measured; the JSON goes where it is told."""

    def measure(plan: Plan, *_: Any, **__: Any) -> dict[str, Any]:
        assert (plan.parts, plan.rounds, plan.seconds) == (("latency",), 2, 0.5)
        return {"latency": {"peers": {}, "added": {"gateway": 70.0, "nginx": 70.0}, "ratio": 1.0}}

    monkeypatch.setattr(command, "measure", measure)
    place, history = tmp_path / "deep" / "numbers.json", tmp_path / "history"
    words = ["latency", "--rounds", "2", "--seconds", "0.5", "--json", str(place), "--history", str(history)]
    assert command.main(words) == 0
    assert json.loads(place.read_text())["latency"]["ratio"] == 1.0
    said = capsys.readouterr().out
    assert "met <= 2" in said
    assert f"history: {history / 'history.jsonl'}" in said
    (kept,) = read(history)
    assert (kept.commit, kept.found["latency"]["ratio"]) == (present(), 1.0)
    assert kept.machine["id"] == describe()["id"]
    assert command.main([*words, "--no-history"]) == 0
    assert len(read(history)) == 1
    assert command.main(["--markdown", "--history", str(history)]) == 0
    assert "`make bench` on " in capsys.readouterr().out


def test_what_is_missing_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A peer that does not start ends the run with exit code 4 and no numbers."""

    def measure(*_: Any, **__: Any) -> dict[str, Any]:
        raise UnreachableError("nginx does not listen")

    monkeypatch.setattr(command, "measure", measure)
    place = tmp_path / "numbers.json"
    assert command.main(["--json", str(place), "--history", str(tmp_path)]) == 4
    assert capsys.readouterr().err == "nginx does not listen\n"
    assert not place.exists()
    assert read(tmp_path) == ()


def test_without_any_run_there_is_no_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is made up: the command to run first is named."""
    assert command.main(["--markdown", "--history", str(tmp_path)]) == 1
    assert "run `make bench` first" in capsys.readouterr().err


def test_an_interrupt_keeps_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half a run is no run."""

    def measure(*_: Any, **__: Any) -> dict[str, Any]:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "measure", measure)
    assert command.main(["latency", "--history", str(tmp_path)]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert read(tmp_path) == ()


def test_a_comparison_fails_on_what_became_slower(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1 beyond noise and tolerance, else 0; a commit that does not exist is a wrong call."""

    def compare(name: str, plan: Plan, history: Path, *, fresh: bool, say: Any) -> Comparison:
        assert (plan.parts, history, fresh, callable(say)) == (("latency",), tmp_path, True, True)
        worse = Change("latency: gateway p50 us", "less", 1.4, 1.2 if name == "slow" else 0.9, 1.6, 7)
        return Comparison("f" * 40, (worse,), interleaved=True, skipped={"haproxy": "not installed"})

    words = ["latency", "--history", str(tmp_path), "--fresh"]
    assert command.main(["--compare", "nowhere", *words]) == command.main(["--compare", "", *words]) == 2
    monkeypatch.setattr(command, "compare", compare)
    assert command.main(["--compare", "slow", *words]) == 1
    assert "slower" in capsys.readouterr().out
    assert command.main(["--compare", "same", *words]) == 0
    said = capsys.readouterr().out
    assert "no change within noise" in said
    assert "skipped: haproxy (not installed)" in said


def test_an_unknown_part_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command names the parts there are."""
    assert command.main(["speed", "--history", str(tmp_path)]) == 2
    assert "throughput, latency, streams, sockets, shadow, candidates, store, profile, diff, propagation, start" in (
        capsys.readouterr().err
    )
