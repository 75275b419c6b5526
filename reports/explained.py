"""What explains a difference today: the rules and changes of this moment over what was recorded."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from gateway.core.alike import parted, recorded
from gateway.core.noise import NOISE
from gateway.core.observation import REJECTED, Difference, DifferenceKind, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.core.noise import Noise
    from gateway.core.observation import Observation, Rule
    from gateway.store.profile import Profile

_WORST_FIRST = (Verdict.FAILED, Verdict.EXPECTED, Verdict.MATCH, Verdict.INCONCLUSIVE)


class Explanations:
    """Judges recorded differences anew, so that a decision counts for earlier observations without rewriting them.

    A recorded class stays; a recorded `change:ID` counts while the table declares it; a recorded `rule:...` counts
    only while a live rule is there, as does any other difference of its signature; a rule that names a meaning counts
    for those alone whose values are so near. What nothing else explains is
    noise as long as `noise`, by signature, says that legacy's own variation accounts for it; once it no longer does,
    what was taken for noise is open again. A rejected signature is explained by nothing.
    """

    def __init__(
        self,
        rules: Mapping[str, Rule],
        changes: Iterable[str],
        now: float,
        noise: Mapping[str, Noise] = MappingProxyType({}),
    ) -> None:
        self._noise = noise
        self._live = {rule.signature: rule for rule in rules.values() if rule.explains(now)}
        self._rejected = {rule.signature for rule in rules.values() if rule.decision == REJECTED}
        self._changes = set(changes)

    def by(self, signature: str, recorded: str) -> str:
        """What explains a difference: `rule:DECISION`, `change:ID`, a class name, `noise`, or nothing.

        `recorded` is what did when it was compared, with how near the values were (`core.alike.recorded`).
        """
        if signature in self._rejected:
            return ""
        recorded, alike = parted(recorded)
        rule = self._live.get(signature)
        if rule is not None and rule.covers(alike):
            return f"rule:{rule.decision}"
        source, _, name = recorded.partition(":")
        if source in {"", NOISE, "rule"} or (source == "change" and name not in self._changes):
            known = self._noise.get(signature)
            return NOISE if known is not None and known.explains else ""
        return recorded

    def noise(self, signature: str) -> Noise | None:
        """How often legacy differs with itself where differences of this signature stand; None when nobody knows."""
        return self._noise.get(signature)

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
            replace(one, by=self.by(one.signature(observation.route), recorded(one.by, one.alike)))
            for one in observation.differences
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
