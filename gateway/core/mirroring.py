"""How the shadow copies, whatever the route: what `shadow:` of the route table says."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mirroring:
    """`second` is the share of copied reads for which legacy is asked a second time, whatever the two sides said."""

    second: float = 0.05
