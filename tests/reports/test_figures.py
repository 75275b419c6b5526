from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import figures

GAP = "\N{NO-BREAK SPACE}"


def test_counts_are_grouped_and_named() -> None:
    """Thousands are grouped, and the noun follows its number."""
    assert figures.count(1234567) == f"1{GAP}234{GAP}567"
    assert figures.count(1, "pair") == "1 pair"
    assert figures.count(2, "pair") == "2 pairs"
    assert figures.count(2, "kind of call", "kinds of call") == "2 kinds of call"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.5, "50.0 %"), (0.9949, "99.49 %"), (0.99951, "99.951 %"), (0.9999999, "99.999 %"), (1, "100 %")],
)
def test_a_rate_is_cut_and_never_rounded_up(share: float, text: str) -> None:
    """What is below 100 % never reads as 100 %, and each nine brings a digit."""
    assert figures.rate(share) == text


def test_a_target_is_written_as_chosen() -> None:
    """No digit is added to a chosen rate, and none is lost."""
    assert [figures.target(share) for share in (0.999, 0.9, 0.99995)] == ["99.9 %", "90 %", "99.995 %"]


@pytest.mark.parametrize(
    ("value", "text"), [(0.0000123, "12 µs"), (0.0123, "12.3 ms"), (0.5, "500 ms"), (2.345, "2.35 s")]
)
def test_durations_have_a_fitting_unit(value: float, text: str) -> None:
    """Microseconds, milliseconds or seconds, whichever a person would choose."""
    assert figures.seconds(value) == text


@pytest.mark.parametrize(
    ("past", "text"), [(5, "5 s ago"), (130, "2 min ago"), (7300, "2 h ago"), (200_000, "2 d ago"), (-9, "0 s ago")]
)
def test_ago(past: float, text: str) -> None:
    """The largest unit that fits; a clock that runs ahead reads as now."""
    assert figures.ago(1000.0 - past, 1000.0) == text


def test_moments_are_utc() -> None:
    """To the second, in UTC; never is empty."""
    assert figures.moment(1_800_000_000.4) == "2027-01-15 08:00:00Z"
    assert figures.moment(0) == ""


def test_hostile_text_is_shown_and_not_obeyed() -> None:
    """Escape sequences, direction marks, line breaks and broken characters become visible escapes."""
    assert figures.plain("a\x1b[31m\u202eb\n\ud800é") == "a\\x1b[31m\\u202eb\\n\\ud800é"


@given(st.text(st.characters(exclude_categories=[])), st.none() | st.integers(2, 40))
def test_plain_text_is_always_printable(text: str, limit: int | None) -> None:
    """Whatever was recorded, the result prints, encodes, and is cut before it is escaped."""
    shown = figures.plain(text, limit)
    assert shown.replace(GAP, " ").isprintable()
    shown.encode()
    if limit is not None and len(text) > limit:
        assert shown.endswith("…")
