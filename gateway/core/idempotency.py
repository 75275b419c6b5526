"""How long a key is remembered, and how much of its answer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Idempotency:
    """Seconds that a key is remembered, seconds of silence after which its request counts as lost, bytes of answer.

    An answer longer than `max_answer` is not kept, but that it was given is.
    """

    keep: float = 86_400.0
    lease: float = 30.0
    max_answer: int = 1 << 20
