"""The retry budget."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.core.resilience import RetryPolicy
from gateway.retry import EARNED, HOLDS, Budget, Budgets

POLICY = RetryPolicy(share=0.1, floor=1.0)


def spent(budget: Budget, now: float, policy: RetryPolicy = POLICY) -> int:
    """How many attempts are allowed at once."""
    count = 0
    while budget.spend(policy, now):
        count += 1
    return count


def test_quiet_service_is_tried_again_by_the_floor() -> None:
    """Without any traffic the floor's savings are there, and come back with time."""
    budget = Budget()
    assert [spent(budget, 0.0), spent(budget, 0.9), spent(budget, 3.0), spent(budget, 1000.0)] == [10, 0, 3, 10]


def test_requests_earn_their_share() -> None:
    """A hundred requests pay for ten attempts, and no number of them for more than can be saved up."""
    budget = Budget()
    spent(budget, 0.0)
    for _ in range(100):
        budget.earn(POLICY)
    assert spent(budget, 0.0) in {9, 10}
    for _ in range(10_000):
        budget.earn(POLICY)
    assert spent(budget, 0.0) <= EARNED + 1


def test_nothing_is_tried_again_where_the_policy_says_so() -> None:
    """With neither share nor floor there is no attempt to spend."""
    budget = Budget()
    budget.earn(RetryPolicy(0.0, 0.0))
    assert spent(budget, 100.0, RetryPolicy(0.0, 0.0)) == 0


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 2)), max_size=300))
def test_attempts_never_exceed_the_budget(events: list[tuple[bool, float]]) -> None:
    """Over any history, attempts stay below the share of requests plus the floor's rate and its savings."""
    budget, now, requests, attempts = Budget(), 0.0, 0, 0
    for is_request, pause in events:
        now += pause
        if is_request:
            budget.earn(POLICY)
            requests += 1
        else:
            attempts += budget.spend(POLICY, now)
        assert attempts <= requests * POLICY.share + (now + HOLDS) * POLICY.floor + 1e-6


def test_budgets_are_per_service() -> None:
    """One service's failures use up no attempt of another; a service that is gone is forgotten."""
    budgets = Budgets()
    spent(budgets.of("a"), 0.0)
    assert (spent(budgets.of("a"), 0.0), spent(budgets.of("b"), 0.0)) == (0, 10)
    budgets.forget({"b": None})
    assert spent(budgets.of("a"), 0.0) == 10
