"""The circuit: what it does with any order of events, and with the events that matter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.circuit import Circuit, CircuitOpen, Circuits, State
from gateway.core.resilience import CircuitPolicy
from tests.apps.table import service

POLICY = CircuitPolicy(failures=0.5, least=4, window=10.0, open=5.0, trials=2)


def permit(circuit: Circuit, now: float = 0.0) -> int:
    """A permit that is given."""
    found = circuit.admit(POLICY, now)
    assert found is not None
    return found


def opened(now: float = 0.0) -> Circuit:
    """A circuit that four failures opened."""
    circuit = Circuit()
    for one in [permit(circuit, now) for _ in range(4)]:
        circuit.failed(one, POLICY, now)
    assert circuit.state(POLICY, now) is State.OPEN
    return circuit


def test_share_of_failures_opens_it() -> None:
    """Half of enough requests must fail; fewer, or a smaller share, leave it closed."""
    circuit = Circuit()
    for kind in ("answered", "answered", "answered", "failed", "failed"):
        getattr(circuit, kind)(permit(circuit), POLICY, 0.0)
        assert circuit.state(POLICY, 0.0) is State.CLOSED
    circuit.failed(permit(circuit), POLICY, 0.0)
    assert circuit.state(POLICY, 0.0) is State.OPEN


def test_few_failures_are_no_rate() -> None:
    """Below the least number of requests nothing opens, whatever their share."""
    circuit = Circuit()
    for _ in range(3):
        circuit.failed(permit(circuit), POLICY, 0.0)
    assert circuit.state(POLICY, 0.0) is State.CLOSED


def test_old_failures_are_forgotten() -> None:
    """What happened longer ago than the window counts no more."""
    circuit = Circuit()
    for at in (0.0, 1.0, 2.0, 12.1):
        circuit.failed(permit(circuit, at), POLICY, at)
    assert circuit.state(POLICY, 12.1) is State.CLOSED


def test_open_circuit_says_when_to_come_again() -> None:
    """An open circuit refuses with the rest of its time, to the very end of it."""
    circuit = opened()
    assert (circuit.admit(POLICY, 1.0), circuit.wait(POLICY, 1.0)) == (None, 4.0)
    assert (circuit.admit(POLICY, 4.9), circuit.wait(POLICY, 4.9)) == (None, pytest.approx(0.1))


def test_trials_close_it() -> None:
    """After its time a bounded number of requests pass; when all of them are answered it is closed again."""
    circuit = opened()
    trials = [permit(circuit, 5.0), permit(circuit, 5.0)]
    assert (circuit.admit(POLICY, 5.0), circuit.wait(POLICY, 5.0)) == (None, 1.0)
    circuit.answered(trials[0], POLICY, 5.1)
    assert (circuit.state(POLICY, 5.1), circuit.admit(POLICY, 5.1)) == (State.HALF_OPEN, None)
    circuit.answered(trials[1], POLICY, 5.2)
    assert circuit.state(POLICY, 5.2) is State.CLOSED


def test_failed_trial_opens_it_again() -> None:
    """One failed trial is enough, and the time starts anew; the other trial's late answer changes nothing."""
    circuit = opened()
    trials = [permit(circuit, 5.0), permit(circuit, 5.0)]
    circuit.failed(trials[0], POLICY, 6.0)
    circuit.answered(trials[1], POLICY, 6.1)
    circuit.abandoned(trials[1])
    assert (circuit.admit(POLICY, 6.1), circuit.wait(POLICY, 6.1)) == (None, pytest.approx(4.9))


def test_abandoned_trial_gives_its_place_back() -> None:
    """A trial whose client left says nothing, and another request tries in its place."""
    circuit = opened()
    trials = [permit(circuit, 5.0), permit(circuit, 5.0)]
    circuit.abandoned(trials[0])
    assert circuit.admit(POLICY, 5.0) is not None
    assert circuit.state(POLICY, 5.0) is State.HALF_OPEN


def test_abandoned_request_counts_for_nothing() -> None:
    """Requests that nobody waited for neither open a circuit nor thin its failures."""
    circuit = Circuit()
    for _ in range(20):
        circuit.abandoned(permit(circuit))
    for _ in range(3):
        circuit.failed(permit(circuit), POLICY, 0.0)
    assert circuit.state(POLICY, 0.0) is State.CLOSED


def test_answer_that_breaks_off_is_a_failure_in_its_place() -> None:
    """A head that counted as an answer is taken back when the body does not arrive."""
    circuit = Circuit()
    for _ in range(4):
        one = permit(circuit)
        circuit.answered(one, POLICY, 0.0)
        circuit.broke(one, POLICY, 0.0)
    assert circuit.state(POLICY, 0.0) is State.OPEN


def test_break_from_before_the_opening_does_not_count() -> None:
    """An answer begun in an earlier phase that breaks off later does not fail a trial."""
    circuit = Circuit()
    early = permit(circuit)
    circuit.answered(early, POLICY, 0.0)
    for one in [permit(circuit) for _ in range(4)]:
        circuit.failed(one, POLICY, 0.0)
    permit(circuit, 5.0)
    circuit.broke(early, POLICY, 5.0)
    assert circuit.state(POLICY, 5.0) is State.HALF_OPEN


_EVENTS = st.lists(
    st.tuples(st.sampled_from(["admit", "answered", "failed", "abandoned", "broke"]), st.integers(0, 30)),
    max_size=200,
)


@given(_EVENTS)
def test_no_order_of_events_breaks_its_promises(events: list[tuple[str, int]]) -> None:
    """An open circuit admits nothing, a half-open one no more than its trials, and time ends the opening."""
    circuit, now = Circuit(), 0.0
    running: list[int] = []
    done: list[int] = []
    trials: list[int] = []
    for kind, number in events:
        now += number / 10
        before = circuit.state(POLICY, now)
        if kind == "admit":
            found = circuit.admit(POLICY, now)
            if found is not None:
                running.append(found)
            assert (before is State.OPEN) <= (found is None)
            assert (before is State.CLOSED) <= (found is not None)
            assert 0 < circuit.wait(POLICY, now) <= POLICY.open
        elif kind == "broke" and done:
            circuit.broke(done.pop(number % len(done)), POLICY, now)
        elif kind != "broke" and running:
            one = running.pop(number % len(running))
            if kind == "abandoned":
                circuit.abandoned(one)
            else:
                getattr(circuit, kind)(one, POLICY, now)
            done.extend([one] * (kind == "answered"))
        trials = [one for one in running if one == circuit.phase]
        if circuit.state(POLICY, now) is State.HALF_OPEN:
            assert len(trials) <= POLICY.trials
        if before is State.OPEN:
            assert circuit.state(POLICY, now) is State.OPEN
    assert circuit.state(POLICY, now + POLICY.open) is not State.OPEN
    if not trials:
        assert circuit.admit(POLICY, now + POLICY.open) is not None


def test_refusal_names_the_wait_in_whole_seconds() -> None:
    """503 `circuit-open` carries Retry-After of at least one second, and was never sent."""
    refusal = CircuitOpen("compute", 0.2)
    assert (refusal.status, refusal.reason, refusal.sent) == (503, "circuit-open", False)
    assert (refusal.headers, CircuitOpen("compute", 4.1).headers) == (
        (("retry-after", "1"),),
        (("retry-after", "5"),),
    )


def test_each_service_has_its_own_circuit() -> None:
    """A failing service does not close another; one that moved starts anew, one that is gone is forgotten."""
    circuits = Circuits()
    bad, good = service("bad", "http://a"), service("good", "http://a")
    for one in [permit(circuits.of(bad)) for _ in range(4)]:
        circuits.of(bad).failed(one, POLICY, 0.0)
    known = {"bad": bad, "good": good}
    assert circuits.states(known, POLICY, 0.0) == {"bad": "open", "good": "closed"}
    assert circuits.states({"bad": service("bad", "http://b")}, POLICY, 0.0) == {"bad": "closed"}
    assert circuits.states({}, POLICY, 0.0) == {}
