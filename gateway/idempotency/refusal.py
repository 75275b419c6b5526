"""What a request with a key is told that cannot go on. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.idempotency.claim import Verdict
from gateway.problem import Conflict, Unprocessable

if TYPE_CHECKING:
    from gateway.idempotency.claims import Outcome
    from gateway.problem import Problem


def refusal(outcome: Outcome) -> Problem:
    """409, or 422 where the key belongs to another request (draft-ietf-httpapi-idempotency-key-header §2.7)."""
    match outcome.verdict:
        case Verdict.MISMATCH:
            return Unprocessable("This Idempotency-Key was used for another request", reason="key-reused")
        case Verdict.IN_FLIGHT:
            return Conflict(
                "A request with this Idempotency-Key is under way",
                reason="key-in-flight",
                headers=(("retry-after", "1"),),
            )
        case Verdict.UNKNOWN:
            return Conflict(
                "A request with this Idempotency-Key was sent and its outcome is not known;"
                " see whether it was carried out before you send it again with a new key",
                reason="key-outcome-unknown",
            )
        case _:
            status = f" with {outcome.answer.status}" if outcome.answer else ""
            return Conflict(
                f"A request with this Idempotency-Key was answered{status}, and the answer cannot be given again",
                reason="key-answered",
            )
