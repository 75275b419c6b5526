from __future__ import annotations

from gateway.core.retention import FEWEST, USUAL, Retention


def test_what_is_usual_lies_within_the_bounds() -> None:
    """A place each for the oldest, the newest and a spread."""
    assert USUAL.samples >= FEWEST
    assert Retention(samples=7).digests == USUAL.digests
