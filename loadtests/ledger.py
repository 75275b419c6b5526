"""What a load test created and has not deleted yet, written down before the request leaves."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loadtests.calls import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

PATTERN = "ledger-*.jsonl"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that may exist: its kind, its name, and its id once the answer told it (empty until then)."""

    thing: str
    name: str
    id: str = ""


class Ledger:
    """The open entries of one process; with a directory they survive it.

    A name begins with `prefix`, which is the run's own, so that a thing whose answer was lost is found by it.
    """

    def __init__(self, prefix: str, directory: Path | None = None) -> None:
        self._prefix = f"{prefix}{secrets.token_hex(3)}-"
        self._open: dict[str, Entry] = {}
        self._number = 0
        self._path = directory / PATTERN.replace("*", f"{os.getpid()}-{secrets.token_hex(2)}") if directory else None

    def begin(self, thing: str) -> str:
        """The name of a thing about to be created; written down before this returns."""
        self._number += 1
        entry = Entry(thing, f"{self._prefix}{self._number}")
        self._note(entry, "begin")
        return entry.name

    def made(self, name: str, identity: str) -> None:
        """The platform told the id."""
        self._note(Entry(self._open[name].thing, name, identity), "made")

    def gone(self, name: str) -> None:
        """It was deleted, or never made."""
        self._note(self._open[name], "gone")

    @property
    def open(self) -> tuple[Entry, ...]:
        """What may exist, oldest first."""
        return tuple(self._open.values())

    def _note(self, entry: Entry, word: str) -> None:
        if word == "gone":
            self._open.pop(entry.name, None)
        else:
            self._open[entry.name] = entry
        if self._path:
            with self._path.open("a") as file:
                file.write(json.dumps([word, entry.thing, entry.name, entry.id]) + "\n")


def run_prefix(run: str) -> str:
    """How names begin in the run of this id."""
    return f"{PREFIX}{run}-"


def still_open(directory: Path) -> tuple[Entry, ...]:
    """What the ledgers of all processes that wrote into this directory leave open, whether they live or not."""
    found: dict[str, Entry] = {}
    for path in sorted(directory.glob(PATTERN)):
        for word, entry in _read(path.read_text().splitlines()):
            if word == "gone":
                found.pop(entry.name, None)
            else:
                found[entry.name] = entry
    return tuple(found.values())


def _read(lines: Iterable[str]) -> Iterable[tuple[str, Entry]]:
    for line in lines:
        try:
            word, *values = json.loads(line)
        except ValueError:  # its writer was killed in the middle of the last line
            continue
        yield word, Entry(*values)
