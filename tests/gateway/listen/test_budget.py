"""Budgets."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.listen.budget import Budget


@given(st.lists(st.one_of(st.none(), st.floats(0, 5)), max_size=60))
def test_never_more_than_the_rate_allows(steps: list[float | None]) -> None:
    """Over any time no more is granted than what was there at first and what time and repayment brought."""
    budget, granted, brought = Budget(10, 3), 0, 10.0
    for step in steps:
        if step is None:
            granted += budget.spend()
        else:
            budget.tick(step)
            brought += 3 * step
    assert granted <= brought


def test_bucket_never_holds_more_than_its_size() -> None:
    """Long rest saves nothing up."""
    budget = Budget(2, 100)
    budget.tick(1000)
    budget.repay(1000)
    assert [budget.spend() for _ in range(3)] == [True, True, False]
