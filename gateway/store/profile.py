"""What a verdict rests on, without values: like observations share a profile, and are counted instead of kept."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Self

from gateway.core.alike import both, parted, recorded
from gateway.core.observation import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.core.observation import Observation

JUDGED = frozenset({Verdict.MISMATCH, Verdict.EXPECTED})
"""Verdicts that are worked out anew from what explains their differences."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Verdicts that no rule changes, and the signatures that differ, each with what explained it when recorded.

    What explained it is followed by how near the values were (`core.alike.recorded`). Of one observation it has one
    verdict or items; of several it is their union, which says the worst of them.
    """

    verdicts: frozenset[str] = frozenset()
    items: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, observation: Observation) -> Self:
        """The profile of one observation."""
        if observation.verdict in JUDGED and observation.differences:
            return cls(
                items=_items((one.signature(observation.route), one.by, one.alike) for one in observation.differences)
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
        items = ((signature, *parted(by)) for signature, by in self.items | other.items)
        return Profile(self.verdicts | other.verdicts, _items(items))


def _items(each: Iterable[tuple[str, str, str]]) -> frozenset[tuple[str, str]]:
    """One item for a signature and what explains it: with what is alike in all of its places."""
    near: dict[tuple[str, str], str] = {}
    for signature, by, alike in each:
        key = (signature, by)
        near[key] = both(near[key], alike) if key in near else alike
    return frozenset((signature, recorded(by, alike)) for (signature, by), alike in near.items())
