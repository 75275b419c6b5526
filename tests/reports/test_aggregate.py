from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from statistics import median
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.observation import Difference, DifferenceKind, Observation, Verdict
from gateway.core.routes import Stage
from gateway.store import database
from gateway.store.observations import append
from gateway.store.rollups import FURTHER_SHAPES, SHAPES
from reports import aggregate
from reports.explained import Explanations
from reports.nouns import Sight
from tests.reports.builders import NOW, OPEN, ROUTE, clean, differing, digest, rule, seen, store

if TYPE_CHECKING:
    from pathlib import Path

WORST = [Verdict.INCONCLUSIVE, Verdict.MATCH, Verdict.EXPECTED, Verdict.FAILED, Verdict.MISMATCH]
KNOWN = Difference("header", "x-extra", DifferenceKind.EXTRA, "", "1", by="ws-url")
STATUS = Difference("status", "200→204", DifferenceKind.CHANGED, "200", "204")

verdicts = st.one_of(
    st.tuples(st.sampled_from([Verdict.MATCH, Verdict.INCONCLUSIVE, Verdict.FAILED]), st.just(())),
    st.tuples(st.just(Verdict.MISMATCH), st.lists(st.sampled_from([OPEN, STATUS, KNOWN]), min_size=1, max_size=3)),
    st.tuples(st.just(Verdict.EXPECTED), st.just((KNOWN,))),
)
observed = st.builds(
    lambda verdict, subject, shape, second, status, of: seen(
        verdict[0],
        differences=tuple(verdict[1]),
        subject=subject,
        shape=shape,
        at=NOW - 600 + second,
        legacy_status=status,
        digest=of,
    ),
    verdicts,
    st.sampled_from("ab"),
    st.sampled_from("xy"),
    st.integers(0, 200),
    st.sampled_from([200, 404, 503]),
    st.sampled_from(["now", "now", "before"]),
)


def memory() -> sqlite3.Connection:
    """A store without a file."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.row_factory = sqlite3.Row
    for step in database._STEPS:
        step(connection)
    return connection


@pytest.mark.proof
@settings(suppress_health_check=[HealthCheck.too_slow])  # drawing is slow on a busy machine
@given(st.lists(observed, max_size=25), st.integers(1, 9), st.sampled_from([(), (rule(),), (rule("rejected"),)]))
def test_counting_loses_nothing_that_readiness_asks_for(
    items: list[Observation], batch: int, rules: tuple[object, ...]
) -> None:
    """However it was written, and whatever was decided since, the evidence is that of the observations one by one."""
    explanations = Explanations({item.signature: item for item in rules}, (), NOW)  # type: ignore[attr-defined]
    connection = memory()
    for start in range(0, len(items), batch):
        append(connection, items[start : start + batch])
    found = aggregate.counted(connection, {ROUTE: "now"}, explanations).get(ROUTE, aggregate.Counted())
    connection.close()
    judged = [explanations.judged(item) for item in items if item.digest == "now"]
    assert found.observed == Counter(item.verdict for item in judged)
    assert found.stale == len(items) - len(judged)
    assert found.pairs == Counter(_pairs(judged))
    assert found.subjects == len({item.subject for item in judged})
    assert found.legacy_errors == sum(item.legacy_status == 503 for item in judged)
    assert found.seen == {Sight(item.legacy_status // 100, item.shape) for item in items}
    assert found.proven == {
        Sight(item.legacy_status // 100, item.shape) for item in judged if item.verdict in {"match", "expected"}
    }
    if judged:
        assert (found.first, found.last) == (min(item.at for item in judged), max(item.at for item in judged))


def _pairs(judged: list[Observation]) -> list[Verdict]:
    groups: dict[tuple[str, str, int], list[Verdict]] = defaultdict(list)
    for item in judged:
        groups[item.subject, item.shape, int(item.at // 60)].append(item.verdict)
    return [max(group, key=WORST.index) for group in groups.values()]


@pytest.mark.proof
@given(st.lists(st.floats(0.001, 10), min_size=1, max_size=30))
def test_medians_are_near(latencies: list[float]) -> None:
    """Counting latencies in steps moves the median by less than one per cent."""
    connection = memory()
    append(connection, [seen(legacy_seconds=value, gateway_seconds=2 * value) for value in latencies])
    latency = aggregate.counted(connection, {ROUTE: digest()}, Explanations({}, (), NOW))[ROUTE].latency
    connection.close()
    assert latency.pairs == len(latencies)
    assert latency.legacy == pytest.approx(median(latencies), rel=0.01)
    assert latency.gateway == pytest.approx(2 * median(latencies), rel=0.01)


def test_exercises_stand_apart(tmp_path: Path) -> None:
    """They prove a shape, and are in no count that readiness draws a bound from."""
    filled = store(tmp_path, [*clean(1), seen(source="exercise", shape="body", legacy_status=0, subject="exercise")])
    filled.add(differing(source="exercise", shape="other"))
    found = aggregate.counted(filled.db, {ROUTE: digest()}, Explanations({}, (), NOW))[ROUTE]
    assert (found.observed, found.pairs, found.subjects) == ({"match": 1}, {"match": 1}, 1)
    assert found.exercised == {"match": 1, "mismatch": 1}
    assert (found.exercised_shapes, found.differing_shapes) == ({"body"}, {"other"})
    assert found.seen == {Sight(2, "limit")}


@pytest.mark.proof
def test_of_further_shapes_one_that_disagrees_speaks_for_all(tmp_path: Path) -> None:
    """Shapes beyond the bound prove nothing while any of them differs."""
    filled = store(tmp_path, [seen(shape=f"q{n}") for n in range(SHAPES + 2)])
    sight = Sight(2, FURTHER_SHAPES)
    explanations = Explanations({}, (), NOW)
    assert sight in aggregate.counted(filled.db, {ROUTE: digest()}, explanations)[ROUTE].proven
    filled.add(differing(shape="new"))
    found = aggregate.counted(filled.db, {ROUTE: digest()}, explanations)[ROUTE]
    assert sight in found.seen - found.proven


def test_differences_are_grouped_by_signature_and_explanation(tmp_path: Path) -> None:
    """Differences of current observations are counted by signature; those of other digests are left out."""
    filled = store(tmp_path, [differing(), differing(), differing(digest="before")])
    (row,) = aggregate.differences(filled.db, {ROUTE: digest()})
    assert (row["signature"], row["count"], row["by"]) == (OPEN.signature(ROUTE), 2, "")


def test_a_stage_begins_where_it_was_entered_last(tmp_path: Path) -> None:
    """Going back and forward again starts the stage anew."""
    filled = store(tmp_path)
    for at, stage in ((1.0, Stage.SHADOW), (2.0, Stage.LEGACY), (3.0, Stage.SHADOW), (4.0, Stage.SHADOW)):
        filled.stage(stage, at)
    assert aggregate.stage_since(filled.db) == {ROUTE: 3.0}


def test_served_counts_whole_minutes(tmp_path: Path) -> None:
    """The minute in which the time falls counts."""
    filled = store(tmp_path)
    filled.serve("legacy", 1, at=NOW - 600)
    assert aggregate.served_since(filled.db, {ROUTE: NOW - 600 + 20})[0]["requests"] == 1
    assert aggregate.served_since(filled.db, {ROUTE: NOW}) == []
