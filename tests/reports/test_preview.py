from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.observation import Difference, DifferenceKind, Observation, Verdict
from gateway.store.counts import count_refusal
from gateway.store.observations import append, rules
from reports.aggregate import counted
from reports.explained import Explanations, refusal_signature
from reports.preview import Preview, preview
from tests.reports.builders import NOW, OPEN, ROUTE, WRITE, differing, digest, rule, seen, store
from tests.reports.test_aggregate import STATUS, memory, observed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reports.builders import Filled

SIGNATURE = OPEN.signature(ROUTE)


def looked(filled: Filled, difference: Difference = OPEN, route: str = ROUTE) -> Preview:
    """What accepting a difference would hide."""
    name = difference.signature(route)
    return preview(filled.db, name, "what", rule(signature=name), (), NOW)


def test_observations_that_would_agree_are_told_from_those_that_stay(tmp_path: Path) -> None:
    """What else is open in the same answers is named; matches and other digests change nothing."""
    filled = store(
        tmp_path,
        [
            differing(subject="a"),
            differing(subject="b", at=NOW - 60),
            differing(OPEN, STATUS, subject="c"),
            differing(digest="before", at=NOW - 9_000),
            seen(),
        ],
    )
    found = looked(filled)
    assert (found.observed, found.agreeing, found.still, found.pairs, found.older) == (3, 2, 1, 2, 1)
    assert [(one.signature, one.what, one.open) for one in found.because] == [
        (STATUS.signature(ROUTE), "status 200→204 changed", True)
    ]
    assert found.digest == digest()
    assert rules(filled.db) == {}


def test_a_meaning_hides_what_is_so_near_and_shows_what_is_not(tmp_path: Path) -> None:
    """Counts are exact over everything recorded; beyond it stays a mismatch, and the samples say which."""
    near, far = replace(OPEN, alike="timestamp 1s"), replace(OPEN, alike="timestamp 60s", gateway="later")
    items = [*(differing(near, subject=f"s{one}") for one in range(3)), differing(far, subject="x")]
    filled = store(tmp_path, [*items, differing(near, far, subject="y")])
    means = rule("tolerated", meaning="timestamp 2s")
    found = preview(filled.db, SIGNATURE, "what", means, (), NOW)
    assert (found.observed, found.agreeing, found.pairs, found.still, found.beyond) == (5, 3, 3, 2, 2)
    assert sorted((value.beyond, value.count) for value in found.values) == [(False, 4), (True, 2)]
    filled.decide(means)
    evidence = filled.evidence().routes[ROUTE]
    assert (evidence.observed.expected, evidence.observed.mismatch, len(evidence.open)) == (3, 2, 1)
    filled.decide(replace(means, meaning="timestamp 60s"))
    assert (filled.evidence().routes[ROUTE].observed.mismatch, filled.evidence().routes[ROUTE].open) == (0, ())


def test_values_show_what_else_goes_with_it(tmp_path: Path) -> None:
    """A signature about a changed name is seen to hide a name that becomes null."""
    gone = replace(OPEN, path="$[id=9].name", gateway="null")
    filled = store(tmp_path, [differing(), differing(subject="x"), differing(gone, subject="y")])
    found = looked(filled)
    assert [(value.legacy, value.gateway, value.count) for value in found.values] == [
        ("text", "text", 2),
        ("text", "null", 1),
    ]
    assert found.samples == 3


def test_what_lies_beneath_is_shown(tmp_path: Path) -> None:
    """Where a whole member is missing, differences within it are unseen; elsewhere they were seen."""
    whole = Difference("body", "$[id=7]", DifferenceKind.MISSING, "{}", "")
    filled = store(tmp_path, [differing(whole), differing(OPEN, at=NOW - 99), differing(OPEN, route=WRITE)])
    found = looked(filled, whole)
    assert "everything beneath $[*]" in found.uncompared
    assert [(one.signature, one.route, one.count) for one in found.beneath] == [(SIGNATURE, ROUTE, 1)]
    assert [one.route for one in looked(filled).elsewhere] == [WRITE]
    assert looked(filled).beneath == ()


def test_a_would_be_refusal_says_whom_it_locks_out(tmp_path: Path) -> None:
    """By subjects."""
    filled = store(tmp_path)
    for subject in ("ann", "bob", "bob"):
        count_refusal(filled.db, route=ROUTE, subject=subject, status=403, reason="scope", at=NOW)
    name = refusal_signature(ROUTE, 403, "scope")
    found = preview(filled.db, name, "would refuse", rule(signature=name), (), NOW)
    assert (found.route, found.subjects, found.observed) == (ROUTE, 2, 3)


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])  # drawing is slow on a busy machine
@given(st.lists(observed, max_size=15))
def test_the_preview_comes_true(items: list[Observation]) -> None:
    """After the rule is made exactly so many more observations and pairs agree as was said."""
    connection = memory()
    now = [replace(item, digest="now") for item in items]
    append(connection, now)
    before = counted(connection, {ROUTE: "now"}, Explanations({}, (), NOW)).get(ROUTE)
    after = counted(connection, {ROUTE: "now"}, Explanations({SIGNATURE: rule()}, (), NOW)).get(ROUTE)
    said = preview(connection, SIGNATURE, "", rule(), (), NOW)
    connection.close()
    if before and after:
        assert said.agreeing == after.observed[Verdict.EXPECTED] - before.observed[Verdict.EXPECTED]
        assert said.pairs == after.pairs[Verdict.EXPECTED] - before.pairs[Verdict.EXPECTED]
