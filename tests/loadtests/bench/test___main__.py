from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gateway.core.errors import UnreachableError
from loadtests.bench import __main__ as command

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
        return {"latency": {"peers": {}, "added": {}, "ratio": 1.0}}

    monkeypatch.setattr(command, "measure", measure)
    place = tmp_path / "deep" / "numbers.json"
    assert command.main(["latency", "--rounds", "2", "--seconds", "0.5", "--json", str(place)]) == 0
    assert json.loads(place.read_text())["latency"]["ratio"] == 1.0
    assert "met <= 2" in capsys.readouterr().out


def test_what_is_missing_is_told_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A peer that does not start ends the run with exit code 4 and no numbers."""

    def measure(*_: Any, **__: Any) -> dict[str, Any]:
        raise UnreachableError("nginx does not listen")

    monkeypatch.setattr(command, "measure", measure)
    place = tmp_path / "numbers.json"
    assert command.main(["--json", str(place)]) == 4
    assert capsys.readouterr().err == "nginx does not listen\n"
    assert not place.exists()


def test_an_unknown_part_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command names the parts there are."""
    assert command.main(["speed", "--json", str(tmp_path / "x")]) == 2
    assert (
        "throughput, latency, streams, sockets, shadow, candidates, store, profile, diff" in capsys.readouterr().err
    )
