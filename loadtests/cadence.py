"""How a streamed completion arrived: time to the first token, time per further token, the longest gap. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

FIRST_TOKEN = "first_token"  # noqa: S105 - a name of figures
PER_TOKEN = "time_per_token"  # noqa: S105 - a name of figures
LONGEST_GAP = "longest_gap"
_DATA = b"data:"
_DONE = b"[DONE]"


@dataclass(slots=True)
class Cadence:
    """Fed with the lines of a `text/event-stream` as they come; times are seconds since the request was sent.

    A token is an event that carries content; `gap` is the time between any two events, the first one apart.
    """

    done: bool = False
    error: str = ""
    tokens: int = 0
    events: int = 0
    _first: float = 0.0
    _last_token: float = 0.0
    _last_event: float = 0.0
    _longest: float = field(default=0.0)

    def line(self, line: bytes, at: float) -> None:
        """Take one line; what is no data line carries nothing."""
        if not line.startswith(_DATA):
            return
        data = line.removeprefix(_DATA).strip()
        if self.events:
            self._longest = max(self._longest, at - self._last_event)
        self.events += 1
        self._last_event = at
        if data == _DONE:
            self.done = True
        elif self._content(data):
            self._first = self._first if self.tokens else at
            self._last_token = at
            self.tokens += 1

    @property
    def trouble(self) -> str:
        """Why the stream is no good answer; empty when it is one."""
        if self.error:
            return f"error in the stream: {self.error}"
        if not self.done:
            return "the stream ended without [DONE]"
        return "" if self.tokens else "the stream had no token"

    @property
    def timings(self) -> dict[str, float]:
        """Milliseconds by name; the time per token needs two of them, the longest gap two events."""
        out = {}
        if self.tokens:
            out[FIRST_TOKEN] = self._first * 1000
        if self.tokens > 1:
            out[PER_TOKEN] = (self._last_token - self._first) / (self.tokens - 1) * 1000
        if self.events > 1:
            out[LONGEST_GAP] = self._longest * 1000
        return out

    def _content(self, data: bytes) -> bool:
        try:
            document = json.loads(data)
            if "error" in document:
                self.error = str(document["error"])[:80]
                return False
            return any(choice["delta"].get("content") for choice in document["choices"])
        except (ValueError, KeyError, TypeError, AttributeError):
            self.error = "an event that is no completion chunk"
            return False
