"""How much of what was observed is kept as it was."""

from __future__ import annotations

from dataclasses import dataclass

FEWEST, MOST_SAMPLES = 4, 10_000
"""Bounds of `samples`: the oldest, the newest and a spread need a place each."""
MOST_DIGESTS = 100
"""Bound of `digests`."""


@dataclass(frozen=True, slots=True)
class Retention:
    """What stays whole: `samples` observations of each signature, or of each verdict where nothing differs.

    Everything is counted for ever; of other route digests than the newest `digests` of a route no sample stays.
    """

    samples: int = 24
    digests: int = 3


USUAL = Retention()
"""What is kept where the route table says nothing."""
