from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.during.act import Account
from loadtests.during.aftermath import Aftermath, aftermath, line, reasons
from loadtests.during.order import Disturbances
from loadtests.results import Tick

if TYPE_CHECKING:
    from collections.abc import Iterable

RATE = 0.01
"""Failures per request that a second may have."""


def ticks(seconds: Iterable[int], *, failing: Iterable[int] = (), slow: Iterable[int] = ()) -> list[Tick]:
    """Fifty answers in each second; those in failing seconds fail, those in slow ones are late."""
    bad, late = set(failing), set(slow)
    return [
        Tick(n, "gateway", 50, 50 if n in bad else 0, 10.0, 20.0, 3 if n in late else 2) for n in seconds
    ]  # fmt: skip


def account(began: float, ended: float, verb: str = "kill") -> Account:
    """An action between two seconds of the load."""
    return Account(f"{verb} x", verb, began, ended)


def after(began: float, ended: float, rows: list[Tick], elapsed: float = 20.0) -> Aftermath:
    """What rows say of a load of twenty seconds."""
    return aftermath(account(began, ended), rows, RATE, elapsed)


def test_what_nobody_noticed_took_no_time() -> None:
    """No failure and no slowness: recovered at once, nothing is left out of the judgement."""
    found = after(10.2, 12.0, ticks(range(20)))
    assert (found.failed, found.requests, found.recovered, len(found.felt)) == (0, 0, 0.0, 0)


def test_recovery_is_the_first_second_after_which_it_stays_calm() -> None:
    """Counted from the disturbance's beginning; a good second between bad ones is none."""
    found = after(10.2, 11.5, ticks(range(20), failing=[10, 11, 13]))
    assert found.felt == range(10, 14)
    assert (found.failed, found.requests) == (150, 200)
    assert found.recovered == pytest.approx(3.8)


def test_slowness_counts_as_much_as_failure() -> None:
    """More than a twentieth of a second's answers is late; of a few answers half may be, since one is a twentieth."""
    assert after(10.0, 10.5, ticks(range(20), slow=[10, 11])).recovered == 2.0
    few = [*ticks(range(10)), *(Tick(n, "gateway", 5, 0, 10.0, 1000.0, 2) for n in range(10, 20))]
    assert after(10.0, 10.5, few).recovered == 0.0
    assert after(10.0, 10.5, [*few[:10], Tick(10, "gateway", 5, 0, 900.0, 1000.0, 3), *few[11:]]).recovered == 1.0


def test_a_second_without_any_answer_is_an_outage() -> None:
    """Unless there were such seconds before: few users who think leave gaps."""
    assert after(10.0, 10.5, ticks([*range(10), *range(14, 20)])).recovered == 4.0
    assert after(10.0, 10.5, ticks([*range(0, 10, 2), *range(14, 20)])).recovered == 0.0


def test_an_outage_to_the_end_is_no_recovery() -> None:
    """Neither is one whose end the load did not see; a second of calm at the end is taken."""
    assert after(10.0, 10.5, ticks(range(10))).recovered is None
    assert after(10.0, 10.5, ticks(range(20), failing=range(10, 20))).recovered is None
    assert after(10.0, 10.5, ticks(range(20), failing=range(10, 20))).felt == range(10, 20)
    assert after(10.0, 10.5, ticks(range(20), failing=range(10, 19))).recovered == 9.0
    assert after(19.0, 25.0, ticks(range(20)), 20.0).recovered is None


def test_calm_while_it_still_goes_on_is_not_its_end() -> None:
    """What breaks again before the disturbance ended had not recovered."""
    assert after(5.0, 12.0, ticks(range(20), failing=[5, 12])).recovered == 8.0
    assert after(5.0, 12.0, ticks(range(20), failing=[5])).recovered == 1.0


@settings(deadline=None)
@given(st.floats(0, 19), st.floats(0, 5), st.sets(st.integers(0, 24)), st.sets(st.integers(0, 24)), st.floats(1, 25))
def test_it_holds_for_every_course(
    began: float, lasts: float, present: set[int], failing: set[int], elapsed: float
) -> None:
    """Failures are among the requests; what was felt begins with the disturbance, and recovery ends it."""
    rows = ticks(sorted(present), failing=failing)
    found = after(began, began + lasts, rows, elapsed)
    assert 0 <= found.failed <= found.requests
    assert found.felt.start == int(began)
    if found.recovered is not None:
        assert found.recovered >= 0
        assert (found.recovered == 0) is (len(found.felt) == 0 or found.felt.stop <= began)


def test_a_disturbance_is_judged_by_its_kind() -> None:
    """A flip may fail nothing, a kill may; recovery has a bound for both; what went wrong is a reason."""
    rows = ticks(range(20), failing=[10])
    flip = aftermath(account(10.0, 11.0, "flip"), rows, RATE, 20.0)
    kill = aftermath(account(10.0, 11.0), rows, RATE, 20.0)
    usual = Disturbances(())
    assert list(reasons(flip, usual)) == ["during flip x: 50 requests failed, 0 may"]
    assert list(reasons(kill, usual)) == []
    strict = Disturbances((), max_failed=49, max_recovery=0.5)
    assert list(reasons(kill, strict)) == [
        "during kill x: 50 requests failed, 49 may",
        "during kill x: it took 1.0 s to recover, 0.5 s are allowed",
    ]
    dead = aftermath(account(10.0, 11.0), ticks(range(10)), RATE, 20.0)
    assert list(reasons(dead, usual)) == ["during kill x: it had not recovered when the load ended"]
    wrong = Account("kill x", "kill", 1.0, 1.0, error="no such process")
    assert list(reasons(aftermath(wrong, ticks(range(20)), RATE, 20.0), usual)) == ["during kill x: no such process"]


def test_a_disturbance_is_one_line() -> None:
    """When, how many failed, how long it took."""
    rows = ticks(range(20), failing=[10])
    assert line(after(10.2, 11.0, rows).to_json()) == (
        "during kill x (at 10.2 s): 50 of 50 requests failed, recovered after 0.8 s"
    )
    assert line(after(15.0, 15.5, rows).to_json()) == "during kill x (at 15.0 s): was not felt"
    assert "had not recovered" in line(after(10.0, 10.5, ticks(range(10))).to_json())
