"""The `idempotency:` part of `gateway:`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.config.scalars import duration, size
from gateway.core.idempotency import Idempotency

if TYPE_CHECKING:
    from gateway.config.section import Section

SHORTEST = 3.0
"""Seconds; a shorter lease would lapse in a pause of a busy process."""


def read_idempotency(section: Section) -> Idempotency:
    """How Idempotency-Key is served."""
    usual = Idempotency()
    terms = Idempotency(
        keep=section.read("keep", duration, usual.keep),
        lease=section.read("lease", duration, usual.lease),
        max_answer=section.read("max_answer", size, usual.max_answer),
    )
    if terms.lease < SHORTEST:
        section.wrong("lease", f"a lease of {terms.lease:g} s lapses by itself", f"write {SHORTEST:g}s or more")
    if terms.keep < terms.lease:
        section.wrong("keep", "a key is forgotten before its lease ends", "write a time longer than lease:")
    section.close()
    return terms
