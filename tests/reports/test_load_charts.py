from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadtests.compared import Comparison
from loadtests.histogram import Histogram
from loadtests.intervals import Interval
from loadtests.points import Point
from reports import load_charts
from tests.loadtests.figures import figures
from tests.loadtests.test_results import KNEE, RESULT


def shapes(svg: str, tag: str, name: str) -> list[ET.Element]:
    """The shapes of this tag and class."""
    return [item for item in ET.fromstring(svg) if item.tag == tag and name in (item.get("class") or "").split()]


def test_both_sides_are_drawn_over_time() -> None:
    """A median and a dashed p95 for each; slices with failures are marked, silent ones left out."""
    points = [
        Point(float(number), side, 10, number == 3, 10.0, 5.0, 9.0, 11.0) for number, side in enumerate("ab" * 3)
    ]
    svg = load_charts.over_time([*points, Point(6.0, "a", 0, 0, 0.0, 0.0, 0.0, 0.0)], 6.0)
    assert len(shapes(svg, "polyline", "line")) == 4
    assert [item.get("points", "").count(",") for item in shapes(svg, "polyline", "a")] == [3, 3]
    assert len(shapes(svg, "circle", "bad")) == 1
    assert "the highest p95 of a slice is 9 ms" in svg


def test_latencies_are_bars_of_each_side() -> None:
    """Which say how many answers they stand for."""
    svg = load_charts.histograms(
        {"legacy": figures("a", 10, 5.0).histogram, "gateway": figures("a", 30, 50.0).histogram}
    )
    assert len(shapes(svg, "rect", "legacy")) == 1
    assert "legacy: 10 answers; gateway: 30 answers" in svg


def test_ratios_show_their_intervals_and_bounds() -> None:
    """A row for each route with enough answers, the bound where one is promised."""
    found = {**RESULT.ratios, "few": Comparison(2, {}, {})}
    svg = load_charts.ratios(found, {"a": 3.0})
    assert len(shapes(svg, "line", "interval")) == len(shapes(svg, "circle", "gateway")) == 2
    assert len(shapes(svg, "line", "bound")) == 1
    assert "a: 2.00 (1.90 to 2.10)" in svg


def test_the_knee_shows_steps_and_capacity() -> None:
    """Held and broken apart, the interval shaded."""
    svg = load_charts.knee(KNEE)
    assert (len(shapes(svg, "circle", "good")), len(shapes(svg, "circle", "bad"))) == (2, 1)
    assert len(shapes(svg, "rect", "capacity")) == 1


@pytest.mark.parametrize(
    "chart",
    [
        load_charts.over_time([], 10.0),
        load_charts.histograms({"gateway": Histogram()}),
        load_charts.ratios({}, {}),
        load_charts.knee(RESULT),
    ],
)
def test_nothing_to_draw_is_said(chart: str) -> None:
    """In words, instead of an empty frame."""
    assert chart.startswith('<p class="quiet">')


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=30), st.floats(0.1, 10_000))
@settings(deadline=None, max_examples=40)
def test_whatever_was_measured_stays_in_the_frame(values: list[float], run_time: float) -> None:
    """No coordinate is outside of the picture, and none is no number."""
    points = [
        Point(number * run_time / len(values), "gateway", 5, 1, 1.0, v, v * 2, v * 3)
        for number, v in enumerate(values)
    ]
    for item in ET.fromstring(load_charts.over_time(points, run_time)):
        for pair in (item.get("points") or "").split():
            x, y = (float(part) for part in pair.split(","))
            assert 0 <= x <= 720
            assert 0 <= y <= 220


@pytest.mark.parametrize("chart", [load_charts.over_time(RESULT.series, 60.0), load_charts.knee(KNEE)])
def test_no_label_is_cut_at_the_edge(chart: str) -> None:
    """The last one ends there; others stand beneath their place, and reach no further."""
    labels = [item for item in ET.fromstring(chart) if item.tag == "text"]
    assert {item.get("text-anchor") for item in labels} == {"middle", "end"}
    for item in labels:
        half = len(item.text or "") * 7 / 2 if item.get("text-anchor") == "middle" else 0
        assert float(item.get("x", "0")) + half <= 720


def test_names_are_escaped() -> None:
    """A route is text, never markup."""
    found = {"<b>": Comparison(5, {"p50": Interval(1.0, 0.9, 1.1)}, {})}
    assert "<b>" not in load_charts.ratios(found, {})
