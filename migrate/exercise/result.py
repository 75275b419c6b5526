"""What a run of exercises found."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How a dry run ended: the request would be the same, would differ, or nothing can be said."""

    SAME = "same"
    DIFFERENT = "different"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Exercised:
    """One dry run: its parameter shape, who gave the example, how it ended and why.

    `observation` is the id under which it is stored; empty when it says nothing about the request.
    """

    route: str
    shape: str
    origin: str
    outcome: Outcome
    detail: str = ""
    observation: str = ""


@dataclass(frozen=True, slots=True)
class ExerciseRun:
    """All dry runs, and the routes of which none could be made, with the reason."""

    exercised: tuple[Exercised, ...]
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def passed(self) -> bool:
        """Whether something was exercised, nothing was left out, and every request would be the same."""
        same = all(one.outcome is Outcome.SAME for one in self.exercised)
        return bool(self.exercised) and same and not self.skipped

    def to_json(self) -> dict[str, Any]:
        """The run for programs."""
        return {
            "passed": self.passed,
            "exercised": [asdict(one) for one in self.exercised],
            "skipped": [{"route": route, "reason": reason} for route, reason in self.skipped],
        }
