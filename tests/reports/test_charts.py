from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from reports import charts
from reports.nouns import Latency, Tally


def widths(svg: str) -> list[float]:
    """The widths of a chart's shapes."""
    return [float(rect.get("width", "0")) for rect in ET.fromstring(svg).iter("rect")]


@given(st.builds(Tally, *(st.integers(0, 10**6) for _ in range(5))))
def test_a_bar_fills_its_track(tally: Tally) -> None:
    """The parts fill the track exactly, and a part that is there at all can be seen."""
    _, *parts = widths(charts.bar(charts.verdicts(tally)))
    assert len(parts) == sum(number > 0 for _, number in charts.verdicts(tally))
    assert all(width > 0.3 for width in parts)
    assert not parts or abs(sum(parts) - 100) < 0.1


def test_a_bar_says_in_words_what_it_shows() -> None:
    """The same words stand in the title and in the label."""
    svg = charts.bar([("match", 3), ("failed", 0), ("mismatch", 1)])
    assert 'aria-label="3 match, 1 mismatch"' in svg
    assert "<title>3 match, 1 mismatch</title>" in svg
    assert "nothing yet" in charts.bar([])


def test_a_bar_is_scaled_to_what_is_wanted() -> None:
    """One of thousands is a sliver that says how many are needed; with enough of them the bar is full again."""
    sliver = charts.bar([("match", 1)], 3568)
    assert widths(sliver) == [100, 0.6]
    assert "1 match; 3\N{NO-BREAK SPACE}568 needed" in sliver
    assert widths(charts.bar([("match", 25), ("failed", 25)], 100)) == [100, 25, 25]
    assert widths(charts.bar([("match", 200)], 100)) == [100, 100]
    assert "needed" not in charts.bar([("match", 200)], 100)


def test_each_nine_is_as_wide_as_the_other() -> None:
    """A bound of 99 % fills half of the scale, the target is marked, and the colour says whether it is reached."""
    assert widths(charts.bound(0.99))[1] == 50
    assert 'class="c-short"' in charts.bound(0.99, 0.999)
    assert 'class="c-tick"' in charts.bound(0.99, 0.999)
    assert 'class="c-reached"' in charts.bound(0.9991, 0.999)
    assert widths(charts.bound(0.0))[1] == 0
    assert widths(charts.bound(1.0))[1] == 100


def test_latencies_share_one_scale() -> None:
    """The longer side is as wide as the chart; both stand in words."""
    svg = charts.latency(Latency(7, 0.01, 0.02))
    assert widths(svg)[2:] == [50, 100]
    assert "median legacy 10 ms, gateway 20 ms, 7 pairs" in svg
    assert widths(charts.latency(Latency(7, 0.0, 0.0)))[2:] == [0, 0]


def test_buckets_stand_in_the_documented_order() -> None:
    """Whatever order they were counted in, compared stands first."""
    assert charts.buckets({"shed": 1, "compared": 2})[0] == ("compared", 2)
    assert len(charts.buckets({})) == 10


def test_words_are_escaped() -> None:
    """A name never becomes markup."""
    assert "<b>" not in charts.bar([("<b>", 1)])
