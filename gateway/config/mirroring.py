"""The `shadow:` section: how copies are made, whatever the route."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.config.scalars import share
from gateway.core.mirroring import Mirroring

if TYPE_CHECKING:
    from gateway.config.section import Section


def read_mirroring(section: Section) -> Mirroring:
    """How copies are made."""
    usual = Mirroring()
    mirroring = Mirroring(second=section.read("second", share, usual.second))
    section.close()
    return mirroring
