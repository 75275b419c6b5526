from __future__ import annotations

import pytest

from gateway.config import load_table, problems
from gateway.config.objectives import arrivals, bound
from gateway.config.problem import Wrong
from gateway.core.digest import route_digest, table_digest
from gateway.core.objectives import Aim, ClassObjectives, LoadPolicy
from tests.apps.route_tables import GOOD, written

SECTION = """\
loadtest:
  capacity: 300/m
  exempt: nodes.*
  objectives:
    default: {p95: 250ms, errors: 0.5%, ratio: 1.5, added: 20ms, required: [p95, errors]}
    read: {p99: off, required: []}
"""


def test_the_section_is_read() -> None:
    """Bounds in seconds and shares, `off` as None, what must be proven, capacity a second; without it nothing."""
    assert load_table(written(GOOD), {}).load == LoadPolicy()
    found = load_table(written(GOOD + SECTION), {}).load
    bounds = {Aim.P95: 0.25, Aim.ERRORS: 0.005, Aim.RATIO: 1.5, Aim.ADDED: 0.02}
    assert found.classes == {
        "default": ClassObjectives(bounds, frozenset({Aim.P95, Aim.ERRORS})),
        "read": ClassObjectives({Aim.P99: None}, frozenset()),
    }
    assert (found.capacity, found.exempt) == (5.0, ("nodes.*",))


def test_digests_know_nothing_of_it() -> None:
    """What is promised under load changes no behaviour, so no evidence becomes stale through it."""
    before, after = (load_table(written(text), {}) for text in (GOOD, GOOD + SECTION))
    assert table_digest(before, "1") == table_digest(after, "1")
    for route in before.routes:
        same = after.route(route.id)
        assert same is not None
        assert route_digest(before, route, "1") == route_digest(after, same, "1")


WRONG = """\
loadtest:
  capacity: 50
  exempt: [node.beat]
  shape: steady
  objectives:
    wriet: {p95: 1s}
    read:
      p95: 250
      p42: 1s
      errors: 2
      first_token: 1s
    write: {required: [ratio, p12]}
"""


def test_every_mistake_is_told_with_its_line() -> None:
    """What is wrong in each line, and what to write instead."""
    first = len(GOOD.splitlines()) + 1
    found = [(problem.line - first, problem.message, problem.mend) for problem in problems(written(GOOD + WRONG), {})]
    expected = [
        (1, "capacity", "write 50/s"),
        (2, "node.beat matches no route", "write nodes.beat"),
        (3, "key shape is not known", "known here"),
        (5, "wriet: is neither", "write write"),
        (7, "p95", "write 250s"),
        (8, "p42 is not known", "known here"),
        (9, "errors", "0% to 100%"),
        (10, "first_token is promised of streams", "remove it"),
        (11, "required 'p12'", "write p"),
        (11, "ratio is required", "`ratio: …`"),
    ]
    assert len(found) == len(expected), found
    for (line, message, instead), (at, word, mend) in zip(found, expected, strict=True):
        assert (line, word in message, mend in instead) == (at, True, True), (message, instead)


@pytest.mark.parametrize(("aim", "text", "value"), [("p50", "5ms", 0.005), ("errors", "1%", 0.01), ("ratio", "2", 2)])
def test_bounds_have_the_unit_of_their_aim(aim: str, text: str, value: float) -> None:
    """Durations, shares, plain numbers; `off` for each."""
    assert bound(Aim(aim))(text) == value
    assert bound(Aim(aim))("off") is None


@pytest.mark.parametrize("text", ["0/s", "x/s", "50/h", "-1/s", ""])
def test_no_other_rates(text: str) -> None:
    """What is no rate is refused with an example."""
    with pytest.raises(Wrong, match="is no rate"):
        arrivals(text)
