"""When a queue sheds: from its high mark down to its low mark. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Watermark:
    """A level that may rise to `high`; once there, nothing is taken until it has sunk to `low`.

    Without the distance between the two a queue that stands at its brim takes one copy whenever another lands: every
    copy has waited longest, and what is compared is a random trickle out of the overload instead of whole stretches.
    """

    high: int
    low: int
    _shedding: bool = field(default=False, init=False)

    def takes(self, level: int) -> bool:
        """Whether one more may come while so much is there."""
        if level >= self.high:
            self._shedding = True
        elif level <= self.low:
            self._shedding = False
        return not self._shedding
