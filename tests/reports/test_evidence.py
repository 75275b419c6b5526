from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from gateway.core.observation import Bucket, Difference, DifferenceKind, Verdict
from gateway.core.routes import Change, Stage
from gateway.store import audit, counts
from reports.evidence import gather
from reports.explained import refusal_signature
from reports.nouns import Refused, Sight, Tally
from tests.reports.builders import NOW, OPEN, ROUTE, WRITE, clean, differing, digest, rule, seen, store, table

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reports.builders import Filled


@pytest.fixture
def filled(tmp_path: Path) -> Filled:
    """An empty store."""
    return store(tmp_path)


def test_only_exposed_routes_are_known(filled: Filled) -> None:
    """Evidence covers every exposed route, also one never called, and no internal one."""
    assert set(filled.evidence().routes) == {ROUTE, WRITE}
    assert filled.evidence().routes[ROUTE].flag.stage is Stage.LEGACY


def test_verdicts_are_counted(filled: Filled) -> None:
    """Observations are counted by verdict, subjects and times seen."""
    filled.add(
        seen(at=NOW - 900),
        seen(Verdict.EXPECTED, subject="bob"),
        differing(),
        seen(Verdict.INCONCLUSIVE),
        seen(Verdict.FAILED, at=NOW - 10),
    )
    route = filled.evidence().routes[ROUTE]
    assert route.observed == Tally(1, 1, 1, 1, 1)
    assert (route.subjects, route.first_seen, route.last_seen) == (2, NOW - 900, NOW - 10)


def test_other_digests_are_stale(filled: Filled) -> None:
    """Observations of another route digest are counted apart and prove nothing."""
    filled.add(seen(), seen(digest="before"), differing(digest="before"))
    route = filled.evidence().routes[ROUTE]
    assert (route.stale, route.observed.total, route.signatures) == (2, 1, ())


def test_one_page_polling_is_one_pair(filled: Filled) -> None:
    """The same subject with the same shape in the same minute is one pair; another of any of them is another."""
    minute = NOW - 600
    filled.add(*(seen(at=minute + second) for second in range(5)))
    assert filled.evidence().routes[ROUTE].pairs.trials == 1
    filled.add(seen(at=minute + 60), seen(at=minute, subject="bob"), seen(at=minute, shape="limit,skip"))
    assert filled.evidence().routes[ROUTE].pairs.trials == 4


def test_the_worst_of_a_pair_counts(filled: Filled) -> None:
    """One mismatch among many matches of a minute makes the pair a mismatch; inconclusive ones say nothing."""
    filled.add(seen(), seen(), differing())
    filled.add(seen(subject="b"), seen(Verdict.FAILED, subject="b"))
    filled.add(seen(subject="c"), seen(Verdict.EXPECTED, subject="c"))
    filled.add(seen(subject="d"), seen(Verdict.INCONCLUSIVE, subject="d"))
    filled.add(seen(Verdict.INCONCLUSIVE, subject="e"))
    pairs = filled.evidence().routes[ROUTE].pairs
    assert pairs == Tally(match=1, expected=1, mismatch=1, inconclusive=1, failed=1)
    assert (pairs.agreed, pairs.trials) == (2, 4)


def test_accepting_counts_for_earlier_observations(filled: Filled) -> None:
    """A live rule turns earlier mismatches of its signature into expected ones, and closes the signature."""
    filled.add(differing())
    before = filled.evidence().routes[ROUTE]
    filled.decide(rule())
    after = filled.evidence().routes[ROUTE]
    assert (before.pairs.mismatch, len(before.open)) == (1, 1)
    assert (after.pairs.expected, after.open, after.signatures[0].by) == (1, (), "rule:expected")


def test_every_difference_needs_its_rule(filled: Filled) -> None:
    """An observation with a second, unexplained difference stays a mismatch."""
    other = Difference("status", "", DifferenceKind.CHANGED, "200", "204")
    filled.add(differing(OPEN, other))
    filled.decide(rule())
    route = filled.evidence().routes[ROUTE]
    assert route.pairs.mismatch == 1
    assert [item.signature for item in route.open] == [other.signature(ROUTE)]


@pytest.mark.parametrize("decision", [rule(expires=NOW - 1), rule("rejected")], ids=["expired", "rejected"])
def test_a_rule_that_no_longer_explains(filled: Filled, decision: object) -> None:
    """An observation stored as expected by a rule is a mismatch again when the rule has ended or is reversed."""
    by_rule = Difference(OPEN.location, OPEN.path, OPEN.kind, "old", "new", by=f"rule:{OPEN.signature(ROUTE)}")
    filled.add(seen(Verdict.EXPECTED, differences=(by_rule,)))
    filled.decide(decision)  # type: ignore[arg-type]
    route = filled.evidence().routes[ROUTE]
    assert (route.pairs.mismatch, len(route.open)) == (1, 1)


def test_a_change_counts_while_it_is_declared(filled: Filled) -> None:
    """A difference that a declared change explains is open again when the declaration is gone."""
    declared = table(Change("id-1", ("*",), "because"))
    by_change = Difference("status", "", DifferenceKind.CHANGED, "500", "401", by="change:id-1")
    filled.add(seen(Verdict.EXPECTED, differences=(by_change,), digest=digest(of=declared)))
    assert filled.evidence(declared).routes[ROUTE].open == ()
    assert len(filled.evidence().routes[ROUTE].open) == 1


def test_signatures_are_counted(filled: Filled) -> None:
    """A signature says how many places in how many observations, when, and names its newest sample."""
    twice = (OPEN, Difference("body", "$[id=8].name", DifferenceKind.CHANGED, "a", "b"))
    last = differing(at=NOW - 5)
    filled.add(differing(*twice, at=NOW - 50), last)
    (item,) = filled.evidence().routes[ROUTE].signatures
    assert (item.count, item.observations, item.first_seen, item.last_seen) == (3, 2, NOW - 50, NOW - 5)
    assert (item.sample, item.pattern) == (last.id, "$[*].name")


def test_coverage_is_seen_and_proven(filled: Filled) -> None:
    """What legacy answered counts as seen whatever the digest, and as proven when a current pair agrees."""
    filled.add(seen(), seen(shape="skip", digest="before"), differing(legacy_status=404), seen(legacy_status=0))
    route = filled.evidence().routes[ROUTE]
    assert route.seen == {Sight(2, "limit"), Sight(2, "skip"), Sight(4, "limit")}
    assert route.proven == {Sight(2, "limit")}


def test_latency_is_the_median_of_delivered_pairs(filled: Filled) -> None:
    """Medians come from pairs with both latencies; dry runs, failures and half-known pairs are left out."""
    filled.add(*(seen(legacy_seconds=0.01 * n, gateway_seconds=0.02 * n) for n in (1, 2, 3, 100)))
    filled.add(
        seen(mode="dry-run", gateway_seconds=9), seen(Verdict.FAILED, gateway_seconds=9), seen(gateway_seconds=0)
    )
    latency = filled.evidence().routes[ROUTE].latency
    assert latency.pairs == 4
    assert (latency.legacy, latency.gateway) == (pytest.approx(0.025, rel=0.01), pytest.approx(0.05, rel=0.01))
    assert latency.ratio == pytest.approx(2, rel=0.01)


def test_refusals_are_grouped_until_accepted(filled: Filled) -> None:
    """Would-be refusals are grouped by status and reason, each subject named, and an accepted group is gone."""
    filled.add(seen())
    for subject, at in (("ann", NOW), ("bob", NOW - 5), ("bob", NOW + 5)):
        counts.count_refusal(filled.db, route=ROUTE, subject=subject, status=403, reason="scope", at=at)
    (item,) = filled.evidence().routes[ROUTE].refusals
    assert (item.status, item.reason, item.subjects, item.count) == (403, "scope", 2, 3)
    assert (item.first_seen, item.last_seen) == (NOW - 5, NOW + 5)
    assert item.who == (Refused("bob", 2, NOW - 5, NOW + 5), Refused("ann", 1, NOW, NOW))
    filled.decide(rule(signature=refusal_signature(ROUTE, 403, "scope")))
    assert filled.evidence().routes[ROUTE].refusals == ()


def test_of_many_refused_those_are_named_that_were_most_often(filled: Filled) -> None:
    """All are counted; the names are bounded, so that a report stays one."""
    filled.add(seen())
    for number in range(30):
        for _ in range(2 if number == 29 else 1):
            counts.count_refusal(filled.db, route=ROUTE, subject=f"s{number}", status=429, reason="limit", at=NOW)
    (item,) = filled.evidence().routes[ROUTE].refusals
    assert (item.subjects, item.count, len(item.who)) == (30, 31, 20)
    assert item.who[0].subject == "s29"


def test_refusals_of_an_older_gateway_are_forgotten(filled: Filled) -> None:
    """A refusal that ended before the current digest was first seen holds nobody."""
    counts.count_refusal(filled.db, route=ROUTE, subject="ann", status=403, reason="scope", at=NOW - 9000)
    filled.add(seen())
    assert filled.evidence().routes[ROUTE].refusals == ()


def test_served_counts_start_with_the_stage(filled: Filled) -> None:
    """What was served is summed per side from the minute the route entered its stage, across percent steps."""
    filled.serve("legacy", 100, at=NOW - 9000)
    filled.stage(Stage.CANARY, NOW - 3600, percent=5)
    filled.stage(Stage.CANARY, NOW - 60, percent=50)
    filled.serve("legacy", 7, at=NOW - 1800)
    filled.serve("gateway", 3, errors=1, at=NOW - 1800, fallbacks=2)
    route = filled.evidence().routes[ROUTE]
    assert route.stage_since == NOW - 3600
    assert (route.served["legacy"].requests, route.served["gateway"].errors) == (7, 1)
    assert route.served["gateway"].fallbacks == 2
    assert NOW - 1800 <= route.served["gateway"].last <= NOW - 1740


def test_buckets_results_and_processes(filled: Filled) -> None:
    """Bucket totals, the newest result of each kind, and who is alive belong to the evidence."""
    counts.put_buckets(filled.db, "shadow", {(ROUTE, Bucket.COMPARED, ""): 5, ("", Bucket.UNMATCHED, "x"): 2})
    for at in (1.0, 2.0):
        audit.put_result(filled.db, audit.Result(f"r{at}", "loadtest", at, passed=True, body={}))
    filled.process()
    evidence = filled.evidence()
    assert evidence.buckets == {"compared": 5, "unmatched": 2}
    assert evidence.routes[ROUTE].buckets == {"compared": 5}
    assert evidence.results["loadtest"].id == "r2.0"
    assert [item.kind for item in evidence.processes] == ["gateway"]
    assert filled.evidence(now=NOW + 60).processes == ()


@pytest.mark.proof
def test_gathering_is_quick_and_leaves_nothing(filled: Filled) -> None:
    """Twenty thousand observations, a tenth of them different, are gathered within seconds; no table stays behind."""
    filled.add(*clean(18_000), *(differing(subject=f"d{n}") for n in range(2000)))
    started = time.monotonic()
    evidence = gather(filled.db, table(), NOW)
    assert time.monotonic() - started < 10
    assert evidence.routes[ROUTE].pairs.trials == 20_000
    assert filled.db.execute("SELECT count(*) FROM sqlite_temp_master").fetchone()[0] == 0
