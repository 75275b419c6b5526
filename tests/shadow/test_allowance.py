from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shadow.allowance import Allowance


def test_clients_earn_what_copies_may_ask() -> None:
    """At a share of a half every second request of a client earns one of a copy."""
    allowance = Allowance(0.5, burst=1)
    assert allowance.take(1)
    assert not allowance.take(1)
    allowance.earn()
    assert not allowance.take(1)
    allowance.earn()
    assert allowance.take(1)


def test_what_was_not_used_goes_back_up_to_the_burst() -> None:
    """A quiet time saves up no more than the burst."""
    allowance = Allowance(1.0, burst=3)
    assert allowance.take(3)
    allowance.give_back(2)
    assert allowance.take(2)
    for _ in range(10):
        allowance.earn()
    assert not allowance.take(4)


@settings(deadline=None)
@given(st.lists(st.sampled_from(["client", "copy", "costly"]), max_size=400), st.floats(0, 3))
def test_added_load_never_exceeds_its_share(steps: list[str], share: float) -> None:
    """At every moment: requests of copies are at most the share of those of clients, and the burst."""
    allowance, clients, copies = Allowance(share, burst=5), 0, 0
    for step in steps:
        if step == "client":
            clients += 1
            allowance.earn()
        elif allowance.take(3):
            used = 3 if step == "costly" else 1
            copies += used
            allowance.give_back(3 - used)
        assert copies <= share * clients + 5 + 1e-6
