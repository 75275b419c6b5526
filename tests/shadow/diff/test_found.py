"""Differences before they are redacted, and the time they may take to find."""

from __future__ import annotations

import pytest

from gateway.core.observation import DifferenceKind
from shadow.diff.found import MORE, Budget, DeadlineError, Found, bounded, swapped


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


def test_steps_may_be_counted_many_at_a_time() -> None:
    """Work of a thousand steps is looked at like a thousand steps."""
    with pytest.raises(DeadlineError):
        Budget(seconds=0.0).step(1000)
    Budget(seconds=0.0).step(10)


def test_no_more_differences_are_listed_than_the_budget_says() -> None:
    """The rest, however long it is, is one, and is not even looked for."""
    endless = (Found("body", str(number), DifferenceKind.EXTRA) for number in iter(int, 1))
    listed = list(bounded(endless, Budget(60.0, most=3), "body"))
    assert [one.path for one in listed] == ["0", "0", "0", MORE]
    assert list(bounded(listed[:3], Budget(60.0, most=3), "body")) == listed[:3]
