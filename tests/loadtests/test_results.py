from __future__ import annotations

import json
from dataclasses import replace

from gateway.core.objectives import Aim
from loadtests.compared import Comparison
from loadtests.intervals import Interval
from loadtests.judge import Judgement, Outcome
from loadtests.knee import Step, capacity
from loadtests.points import Point
from loadtests.results import LoadResult, RouteFigures, stored
from tests.loadtests.figures import figures, side

RESULT = LoadResult(
    id="load-1",
    started=1_800_000_000.0,
    target="both",
    users=3,
    run_time=10.0,
    spawn_rate=2.0,
    version="0.1.0",
    hosts={"gateway": "http://127.0.0.1:8800"},
    environment={"cpus": 2, "python": "3.13.0"},
    digests={"a": "0123456789abcdef"},
    sides={
        "legacy": side(figures("a", milliseconds=10), figures("old")),
        "gateway": side(figures("a", milliseconds=20, HTTP_503=4), figures("new")),
    },
    objectives={"a": {"p95": 0.5, "ratio": 3.0}},
    left_out=("c",),
    platform="small",
    rate=0.0,
    slice=1.0,
    judgements=(
        Judgement("a", Aim.P95, 500.0, Interval(20.0, 19.0, 21.0), 100, Outcome.MET),
        Judgement("a", Aim.RATIO, 3.0, Interval(2.0, 1.9, 2.1), 100, Outcome.MET),
    ),
    ratios={
        name: Comparison(
            5,
            {"p50": Interval(2.0, 1.9, 2.1), "throughput": Interval(0.5, 0.4, 0.6)},
            {"p50": Interval(10.0, 9.0, 11.0)},
            Interval(0.04, 0.02, 0.06),
        )
        for name in ("a", "overall")
    },
    series=(
        Point(0.0, "legacy", 100, 0, 100.0, 10.0, 12.0, 13.0),
        Point(1.0, "gateway", 50, 4, 50.0, 20.0, 22.0, 23.0),
    ),
)
STEPS = (
    Step(1.0, 10.0, 5.0, 0.0, 0.0, 2.0),
    Step(2.0, 20.0, 6.0, 0.0, 2.0, 4.0),
    Step(4.0, 22.0, 900.0, 0.01, 4.0, 6.0, "latency: 40% of the answers are late, mostly a"),
)
KNEE = replace(
    RESULT, target="gateway", shape="knee", ratios={}, judgements=(), steps=STEPS, capacity=capacity(STEPS)
)
"""A search for the knee that was cut short."""


def test_the_json_round_trip_keeps_everything() -> None:
    """What goes to the store is read back unchanged, histograms included."""
    for result in (RESULT, KNEE):
        again = LoadResult.from_json(json.loads(json.dumps(result.to_json())))
        assert again.to_json() == result.to_json()
        assert again.sides == result.sides
    assert LoadResult.from_json(RESULT.to_json()) == RESULT


def test_timings_are_kept_and_taken_together() -> None:
    """What a route measured beyond latency survives the store, and `overall` holds the sum of the routes."""
    timed = [replace(figures(name), timings={"first_token": figures(name, 7).histogram}) for name in "ab"]
    loaded = side(*timed, figures("c"))
    assert RouteFigures.from_json("a", json.loads(json.dumps(timed[0].to_json()))) == timed[0]
    assert loaded.overall.timings["first_token"].total == 14
    assert timed[0].to_json()["timings"]["first_token"]["answers"] == 7


def test_the_document_says_what_readiness_needs() -> None:
    """Digests, target, verdict and per-route percentiles stand at fixed places."""
    document = RESULT.to_json()
    assert (document["passed"], document["target"]) == (True, "both")
    assert document["digests"] == {"a": "0123456789abcdef"}
    route = document["sides"]["gateway"]["routes"]["a"]
    assert (route["requests"], route["failures"], route["error_rate"]) == (100, 4, 0.04)
    assert 19.8 < route["p95_ms"] < 20.2
    assert document["sides"]["gateway"]["rps"] == 20.0


def test_the_stored_row_carries_the_verdict() -> None:
    """The store's row is of kind loadtest and passes exactly when the result does."""
    assert (stored(RESULT).kind, stored(RESULT).id, stored(RESULT).passed) == ("loadtest", "load-1", True)
    assert not stored(replace(RESULT, reasons=("slow",))).passed


def test_a_partial_run_never_passes() -> None:
    """A run that was ended early is marked, however good its figures."""
    assert not replace(RESULT, partial=True).passed
