from __future__ import annotations

import json
from dataclasses import replace

from loadtests.results import LoadResult, Ratio, RouteFigures, ratios, stored
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
    objectives={"max_error_rate": 0.01, "p95_ms": 500.0, "max_ratio": None},
    left_out=("c",),
)


def test_the_json_round_trip_keeps_everything() -> None:
    """What goes to the store is read back unchanged, histograms included."""
    assert LoadResult.from_json(json.loads(json.dumps(RESULT.to_json()))) == RESULT


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


def test_ratios_cover_what_both_sides_answered() -> None:
    """Routes of one side only have no ratio; the overall one is there; one side alone has none."""
    found = ratios(RESULT.sides)
    assert set(found) == {"a", "overall"}
    assert 1.97 < found["a"].median < 2.03
    assert isinstance(found["overall"], Ratio)
    assert ratios({"gateway": RESULT.sides["gateway"]}) == {}


def test_a_route_without_answers_has_no_ratio() -> None:
    """An empty route divides nothing."""
    assert set(ratios({"legacy": side(figures("a", 0)), "gateway": side(figures("a"))})) == set()
