"""Differences before they are redacted, and the time they may take to find."""

from __future__ import annotations

import pytest

from gateway.core.observation import DifferenceKind
from shadow.diff.found import Budget, DeadlineError, swapped


def test_kinds_swap_with_the_sides() -> None:
    """What is missing on one side is extra on the other; other kinds are the same from both."""
    assert swapped(DifferenceKind.MISSING) is DifferenceKind.EXTRA
    assert all(swapped(swapped(kind)) is kind for kind in DifferenceKind)


def steps(budget: Budget) -> None:
    """Enough steps for the clock to be looked at."""
    for _ in range(300):
        budget.step()


def test_a_budget_ends() -> None:
    """Steps beyond the time raise; a budget with time left does not."""
    spent, fresh = Budget(seconds=0.0), Budget(seconds=60.0)
    with pytest.raises(DeadlineError):
        steps(spent)
    steps(fresh)
    assert spent.left == 0.0
    assert 0 < fresh.left <= 60
