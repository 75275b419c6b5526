"""What readiness is judged by: steps, targets and findings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.core.routes import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from reports.nouns import Evidence, RouteEvidence

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Step:
    """One move forward, from a stage to the one after it."""

    before: Stage
    after: Stage

    def __str__(self) -> str:
        return f"{self.before} → {self.after}"


TO_SHADOW = Step(Stage.LEGACY, Stage.SHADOW)
TO_CANARY = Step(Stage.SHADOW, Stage.CANARY)
TO_GATEWAY = Step(Stage.CANARY, Stage.GATEWAY)
TO_CLOSED = Step(Stage.GATEWAY, Stage.CLOSED)
STEPS = (TO_SHADOW, TO_CANARY, TO_GATEWAY, TO_CLOSED)


@dataclass(frozen=True, slots=True)
class Targets:
    """What a route must reach. Shares are 0 to 1, times are days.

    `parity` is the lower bound of the match rate; `error_excess` is how much greater the gateway's error rate may be
    than legacy's; `max_lost_share` caps copies that were shed, timed out or too large to compare.
    """

    parity: float = 0.999
    min_pairs: int = 5
    max_failed_share: float = 0.01
    max_inconclusive_share: float = 0.1
    max_lost_share: float = 0.1
    min_served: int = 10
    error_excess: float = 0.005
    latency_ratio: float = 1.5
    loadtest_days: float = 7.0
    loadtest_answers: int = 72
    probe_days: float = 7.0
    quiet_days: float = 7.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check says: `missing_text` is empty exactly when it passed."""

    check: str
    passed: bool
    evidence_text: str
    missing_text: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """One readiness criterion, and the steps that ask for it."""

    name: str
    steps: tuple[Step, ...]
    judge: Callable[[Evidence, RouteEvidence, Targets], Finding]


def passed(check: str, evidence: str) -> Finding:
    """A finding that lets the route go on."""
    return Finding(check, passed=True, evidence_text=evidence)


def failed(check: str, evidence: str, missing: str) -> Finding:
    """A finding that holds the route; `missing` says what would let it pass."""
    return Finding(check, passed=False, evidence_text=evidence, missing_text=missing)
