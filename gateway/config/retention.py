"""The `store:` section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.config.scalars import whole
from gateway.core.retention import FEWEST, MOST_DIGESTS, MOST_SAMPLES, USUAL, Retention

if TYPE_CHECKING:
    from gateway.config.section import Section


def read_retention(section: Section) -> Retention:
    """How much of what was observed is kept as it was."""
    retention = Retention(
        samples=section.read("samples", whole(FEWEST, MOST_SAMPLES), USUAL.samples),
        digests=section.read("digests", whole(1, MOST_DIGESTS), USUAL.digests),
    )
    section.close()
    return retention
