"""How often legacy disagrees with itself in one place, beside how often the gateway disagrees with legacy there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from gateway.core.observation import Difference, DifferenceKind

NOISE = "noise"
"""What explains a difference that legacy's own variation accounts for."""
LEAST = 3
"""Second reads in which legacy must have disagreed with itself in a place before that explains anything."""
ALPHA = 0.05
"""Share of places, at most, where a gateway that is no noisier than legacy is ever taken for noisier."""
_SPREAD = 64
_BETS = tuple((step + 0.5) / _SPREAD for step in range(_SPREAD))
_MIRRORED = {DifferenceKind.EXTRA: DifferenceKind.MISSING}


@dataclass(frozen=True, slots=True)
class Place:
    """Where answers differ, without values.

    What is extra one way is missing the other way round: both count as `missing`.
    """

    location: str
    pattern: str
    kind: str

    def signatures(self, route: str) -> tuple[str, ...]:
        """The signatures of differences that belong here; intermittent ones belong wherever they are."""
        kinds = [DifferenceKind(self.kind), DifferenceKind.INTERMITTENT]
        kinds += [other for other, kind in _MIRRORED.items() if kind == self.kind]
        return tuple(Difference(self.location, self.pattern, kind).signature(route) for kind in kinds)


def place_of(location: str, path: str, kind: DifferenceKind) -> Place:
    """The place of a difference."""
    return Place(location, Difference(location, path, kind).pattern, _MIRRORED.get(kind, kind))


@dataclass(frozen=True, slots=True)
class Noise:
    """Counts of one place over the sampled second reads of a route.

    In `legacy` of `reads` legacy's second answer differed from its first here, in `gateway` the gateway's differed
    from legacy's first, in `both` both did.
    `barred` says that a breaking difference stood here: such a place is never excused.
    """

    reads: int
    legacy: int = 0
    gateway: int = 0
    both: int = 0
    barred: bool = False

    @property
    def explains(self) -> bool:
        """Whether legacy's own variation accounts for the gateway's differences here.

        It does from the third time on that legacy is seen to disagree with itself, and only while the evidence that
        the gateway does so more often stays below 1 / ALPHA.
        """
        return self.legacy >= LEAST and not self.barred and self.excess < 1 / ALPHA

    @property
    def excess(self) -> float:
        """The evidence that the gateway differs more often than legacy with itself, as an e-value.

        A sign test by betting. A gateway that passes legacy's answers on is exchangeable with a second read: where
        just one of the two differs from the first read, it is either with probability 1/2. A gambler bets, each time,
        part of a capital of 1 that it is the gateway. While that is no more likely than not, the capital is a
        nonnegative supermartingale, so by Ville's inequality it ever reaches 1 / ALPHA with probability ALPHA at
        most, however often one looks; once it is likelier, the capital grows without bound. It is spread evenly over
        bets ("testing by betting", Shafer, JRSS A 184 (2021), doi:10.1111/rssa.12647).
        """
        return _capital(self.gateway - self.both, self.legacy - self.both)


@lru_cache(maxsize=65_536)
def _capital(gateway: int, legacy: int) -> float:
    logs = [gateway * math.log1p(bet) + legacy * math.log1p(-bet) for bet in _BETS]
    top = max(logs)
    exponent = top + math.log(sum(math.exp(item - top) for item in logs) / _SPREAD)
    return math.exp(min(exponent, 700.0))
