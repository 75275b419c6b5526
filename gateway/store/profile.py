"""What a verdict rests on, without values: like observations share a profile, and are counted instead of kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Self

from gateway.core.observation import Verdict

if TYPE_CHECKING:
    from gateway.core.observation import Observation

JUDGED = frozenset({Verdict.MISMATCH, Verdict.EXPECTED})
"""Verdicts that are worked out anew from what explains their differences."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Verdicts that no rule changes, and the signatures that differ, each with what explained it when recorded.

    Of one observation it has one verdict or items; of several it is their union, which says the worst of them.
    """

    verdicts: frozenset[str] = frozenset()
    items: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, observation: Observation) -> Self:
        """The profile of one observation."""
        if observation.verdict in JUDGED and observation.differences:
            return cls(
                items=frozenset((item.signature(observation.route), item.by) for item in observation.differences)
            )
        return cls._plain(str(observation.verdict))

    @classmethod
    @lru_cache
    def _plain(cls, verdict: str) -> Self:
        return cls(verdicts=frozenset({verdict}))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The inverse of `text`."""
        content = json.loads(text)
        return cls(frozenset(content["verdicts"]), frozenset((signature, by) for signature, by in content["items"]))

    @property
    def text(self) -> str:
        """The same text for the same profile, in every process."""
        content = {"verdicts": sorted(self.verdicts), "items": sorted(self.items)}
        return json.dumps(content, separators=(",", ":"))

    @property
    def name(self) -> str:
        """A short name: the verdict where one alone says it, else a hash."""
        if len(self.verdicts) == 1 and not self.items:
            return next(iter(self.verdicts))
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]

    def __or__(self, other: Profile) -> Profile:
        """The profile of both together."""
        return Profile(self.verdicts | other.verdicts, self.items | other.items)
