from __future__ import annotations

from loadtests.series import Series
from loadtests.tally import Place, Tally
from tests.loadtests.tallies import around, run

BOTH = ("legacy", "gateway")


def small() -> Series:
    """Three and a half slices of 2 s: legacy, gateway, gateway, legacy."""
    tally = Tally()
    for number, side in enumerate(("legacy", "gateway", "gateway", "legacy")):
        for _ in range(number + 1):
            tally.count(Place(number, side, "a"), 10.0, "", {"first_token": 3.0})
        tally.count(Place(number, side, "b"), 20.0, "HTTP 500")
    return Series(tally, BOTH, 2.0, 7.0)


def test_blocks_are_the_whole_slices_of_a_side() -> None:
    """In order, of all routes or some; the last slice, cut short, is the rest."""
    series = small()
    assert [block.histogram.total for block in series.blocks("legacy")] == [2]
    assert [block.histogram.total for block in series.blocks("gateway", ["a"])] == [2, 3]
    assert [block.failures for block in series.blocks("gateway", ["b"])] == [1, 1]
    assert [block.histogram.total for block in series.rest("legacy")] == [5]
    assert series.rest("gateway") == []
    assert series.rest("legacy", among=lambda begin: begin < 5) == []
    assert [series.seconds(number) for number in range(5)] == [2.0, 2.0, 2.0, 1.0, 0.0]


def test_a_timing_is_a_block_of_its_own() -> None:
    """Routes that do not have it hold nothing there."""
    (block, _) = small().blocks("gateway", timing="first_token")
    assert (block.histogram.total, round(block.histogram.quantile(0.5))) == (2, 3)
    assert not small().block(1, ["b"], "first_token").histogram.total


def test_pairs_are_neighbours_of_both_sides() -> None:
    """Legacy first, whichever came first; a pair that is not whole, or not wanted, is left out."""
    series = run(around(5), sides=BOTH, slices=7, answers=1)
    assert len(series.pairs()) == 3
    assert len(series.pairs(among=lambda begin: begin >= 2)) == 2
    (legacy, gateway), *_ = small().pairs(["a"])
    assert (legacy.histogram.total, gateway.histogram.total) == (1, 2)
    assert run(around(5)).pairs() == []


def test_points_show_every_slice_and_every_silence() -> None:
    """With side, counts and latencies; what was sent last counts though its slice was cut."""
    points = small().points()
    assert [(point.begin, point.side, point.requests) for point in points] == [
        (0.0, "legacy", 2),
        (2.0, "gateway", 3),
        (4.0, "gateway", 4),
        (6.0, "legacy", 5),
    ]
    assert (points[0].rps, points[3].rps, points[0].failures) == (1.0, 5.0, 1)
    assert points[0].to_json()[:3] == [0.0, "legacy", 2]
    silent = run(around(5), slices=3, answers=0).points()
    assert [(point.requests, point.rps) for point in silent] == [(0, 0.0)] * 3
