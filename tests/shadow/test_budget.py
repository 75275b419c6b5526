from __future__ import annotations

from shadow.budget import Budget


def test_a_budget_lasts_its_hour() -> None:
    """So many copies an hour and route, and as many again in the next hour."""
    budget = Budget()
    assert [budget.spend("a", 2, 7200.0 + n) for n in range(3)] == [True, True, False]
    assert budget.spend("b", 1, 7201.0)
    assert budget.spend("a", 2, 10_800.0)
    assert not budget.spend("c", 0, 0.0)
