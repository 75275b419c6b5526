"""What explains a difference today: the rules and changes of this moment over what was recorded."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.core.observation import REJECTED, Difference, DifferenceKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.core.observation import Observation, Rule
    from gateway.store.profile import Profile

_WORST_FIRST = (Verdict.FAILED, Verdict.EXPECTED, Verdict.MATCH, Verdict.INCONCLUSIVE)


class Explanations:
    """Judges recorded differences anew, so that a decision counts for earlier observations without rewriting them.

    A recorded class stays; a recorded `change:ID` counts while the table declares it; a recorded `rule:...` counts
    only while a live rule is there, as does any other difference of its signature. A rejected signature is explained
    by nothing.
    """

    def __init__(self, rules: Mapping[str, Rule], changes: Iterable[str], now: float) -> None:
        self._live = {rule.signature: rule.decision for rule in rules.values() if rule.explains(now)}
        self._rejected = {rule.signature for rule in rules.values() if rule.decision == REJECTED}
        self._changes = set(changes)

    def by(self, signature: str, recorded: str) -> str:
        """What explains a difference: `rule:DECISION`, `change:ID`, a class name, or nothing."""
        if signature in self._rejected:
            return ""
        if signature in self._live:
            return f"rule:{self._live[signature]}"
        source, _, name = recorded.partition(":")
        if source == "rule" or (source == "change" and name not in self._changes):
            return ""
        return recorded

    def rejected(self, signature: str) -> bool:
        """Whether the signature was called a defect."""
        return signature in self._rejected

    def verdict(self, profile: Profile) -> Verdict:
        """The verdict as of now of what has this profile; of several observations, the worst of theirs."""
        if Verdict.MISMATCH in profile.verdicts or not all(self.by(*item) for item in profile.items):
            return Verdict.MISMATCH
        if profile.items and Verdict.FAILED not in profile.verdicts:
            return Verdict.EXPECTED
        return next(verdict for verdict in _WORST_FIRST if verdict in profile.verdicts)

    def judged(self, observation: Observation) -> Observation:
        """The observation with its verdict and its differences' explanations as of now."""
        differences = tuple(
            replace(item, by=self.by(item.signature(observation.route), item.by)) for item in observation.differences
        )
        verdict = observation.verdict
        if differences and verdict in {Verdict.MISMATCH, Verdict.EXPECTED}:
            verdict = Verdict.EXPECTED if all(item.by for item in differences) else Verdict.MISMATCH
        return replace(observation, verdict=verdict, differences=differences)


@lru_cache(maxsize=65_536)
def signature_of(route: str, location: str, path: str, kind: str) -> str:
    """The signature of a stored difference."""
    return Difference(location, path, DifferenceKind(kind)).signature(route)


def refusal_signature(route: str, status: int, reason: str) -> str:
    """The signature of a would-be refusal, so that it is accepted like a difference."""
    return Difference("policy", f"{status} {reason}", DifferenceKind.EXTRA).signature(route)
