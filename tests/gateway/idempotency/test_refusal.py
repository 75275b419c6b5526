from __future__ import annotations

import pytest

from gateway.idempotency.claim import Verdict
from gateway.idempotency.claims import Outcome
from gateway.idempotency.keys import Kept
from gateway.idempotency.refusal import refusal


@pytest.mark.parametrize(
    ("verdict", "status", "reason"),
    [
        (Verdict.MISMATCH, 422, "key-reused"),
        (Verdict.IN_FLIGHT, 409, "key-in-flight"),
        (Verdict.UNKNOWN, 409, "key-outcome-unknown"),
        (Verdict.WITHHELD, 409, "key-answered"),
        (Verdict.COMPARE, 409, "key-answered"),
    ],
)
def test_each_verdict_has_its_answer(verdict: Verdict, status: int, reason: str) -> None:
    """The reason tells a client what it may do."""
    told = refusal(Outcome(verdict))
    assert (told.status, told.reason) == (status, reason)


def test_only_what_ends_by_itself_is_to_be_tried_again() -> None:
    """Retry-After stands on the request under way, and on nothing else."""
    assert [verdict for verdict in Verdict if refusal(Outcome(verdict)).headers] == [Verdict.IN_FLIGHT]


def test_the_status_of_an_answer_that_cannot_be_given_again_is_told_where_it_may_be() -> None:
    """Whoever may know it learns that the request was carried out, and how."""
    assert "answered with 201," in refusal(Outcome(Verdict.WITHHELD, answer=Kept(201, (), None))).detail
    assert "answered, and" in refusal(Outcome(Verdict.WITHHELD)).detail
