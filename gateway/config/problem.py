"""What is wrong with a file, where, and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong; `line` counts from 1, 0 when the file as a whole is meant."""

    line: int
    message: str
    mend: str

    def text(self, file: Path) -> str:
        """`file:line: what is wrong; what to write instead`."""
        place = f"{file}:{self.line}" if self.line else str(file)
        return f"{place}: {self.message}; {self.mend}"


@dataclass(frozen=True, slots=True)
class Lined[T]:
    """A value with the line it stands on."""

    value: T
    line: int


class Wrong(ValueError):  # noqa: N818 - a reason, turned into a Problem where the line is known
    """A value is not acceptable: what is wrong with it, and what to write instead."""

    def __init__(self, message: str, mend: str) -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend


class Findings:
    """Collects problems while a file is read, so that all of them are told at once."""

    def __init__(self) -> None:
        self._problems: dict[Problem, None] = {}

    def add(self, line: int, message: str, mend: str) -> None:
        """Note one problem; the same one twice is told once."""
        self._problems[Problem(line, message, mend)] = None

    @property
    def problems(self) -> list[Problem]:
        """Everything found, in the order of lines."""
        return sorted(self._problems, key=lambda problem: problem.line)
