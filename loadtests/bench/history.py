"""Every run of the benchmark, outside the repository: one JSON value a line, appended and never rewritten."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from gateway.core.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FILE = "history.jsonl"


@dataclass(frozen=True, slots=True)
class Run:
    """What one run measured: commit (`+` behind it: with changes of its own), ISO time, machine, and every round."""

    commit: str
    at: str
    machine: Mapping[str, Any]
    found: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """The inverse of `asdict`."""
        return cls(value["commit"], value["at"], value["machine"], value["found"])


def place(environment: Mapping[str, str]) -> Path:
    """Where the history lies by default: in `$XDG_STATE_HOME/cutover/bench`, or below `~/.local/state`."""
    state = environment.get("XDG_STATE_HOME", "")
    # The specification ignores relative paths.
    root = Path(state) if state.startswith("/") else Path.home() / ".local" / "state"
    return root / "cutover" / "bench"


def append(directory: Path, run: Run) -> Path:
    """Add a run with one write, which no other run's can fall into; the file it went to.

    Raises:
        ConfigError: the directory cannot be written.
    """
    file = directory / FILE
    line = json.dumps(asdict(run), separators=(",", ":")).encode() + b"\n"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}; name another place with --history DIR") from None
    return file


def read(directory: Path) -> tuple[Run, ...]:
    """All runs, oldest first; none when there is no history. A line that was cut off by a crash is left out.

    Raises:
        ConfigError: the file cannot be read.
    """
    file = directory / FILE
    try:
        lines = file.read_text().splitlines() if file.exists() else []
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: {error}") from None
    return tuple(run for run in map(_parsed, lines) if run is not None)


def newest(runs: Iterable[Run], commit: str, machine: str, parts: Iterable[str]) -> dict[str, Any]:
    """Of each part the newest figures of a commit on a machine; parts without any are not in it."""
    wanted, found = set(parts), dict[str, Any]()
    for run in runs:
        if run.commit == commit and run.machine.get("id") == machine:
            found |= {part: run.found[part] for part in wanted if part in run.found}
    return found


def _parsed(line: str) -> Run | None:
    try:
        return Run.from_json(json.loads(line))
    except (ValueError, KeyError, TypeError):
        return None
