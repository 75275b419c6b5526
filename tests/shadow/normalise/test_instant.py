"""Points in time."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shadow.normalise.instant import instant

TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2999, 1, 1), timezones=st.timezones())  # noqa: DTZ001 - zoned


@given(TIMES)
@settings(deadline=None)
def test_zone_and_spelling_do_not_matter(time: datetime) -> None:
    """One moment has one instant in every zone, as a date of HTTP and as a number."""
    expected = (True, time.timestamp())
    assert instant(time.isoformat()) == expected
    assert instant(time.astimezone(UTC).isoformat().replace("+00:00", "Z")) == expected
    assert instant(time.isoformat(sep=" ")) == expected
    whole = time.replace(microsecond=0)
    assert instant(format_datetime(whole.astimezone(UTC), usegmt=True)) == (True, whole.timestamp())


def test_numbers_are_seconds_or_milliseconds() -> None:
    """Both are written in the wild, and their sizes tell them apart."""
    assert instant(1_763_836_400) == instant(1_763_836_400_000) == (True, 1_763_836_400.0)


def test_a_time_without_a_zone_says_so() -> None:
    """It is read as UTC, and marked."""
    assert instant("2026-11-22T18:33:20") == (False, instant("2026-11-22T18:33:20Z")[1])  # type: ignore[index]


@pytest.mark.parametrize(
    "value", [None, True, [], "", "soon", "12", "2026-99-99", math.nan, math.inf, 10**400, "1:2"]
)
def test_anything_else_is_no_time(value: object) -> None:
    """It is compared as it stands."""
    assert instant(value) is None
