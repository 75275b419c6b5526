"""Cache-Control and dates."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.cache.directives import directives, moment, seconds


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("no-store", {"no-store": ""}),
        ("Max-Age=60, PUBLIC", {"max-age": "60", "public": ""}),
        ('max-age="60"', {"max-age": "60"}),
        ("max-age=1, max-age=2", {"max-age": "1"}),
        ('no-cache="set-cookie, age", private', {"no-cache": "set-cookie, age", "private": ""}),
        (",, ,", {}),
    ],
)
def test_directives_are_read(value: str, found: dict[str, str]) -> None:
    """Names without case, arguments quoted or not, the first of two, commas inside quotes."""
    assert directives((("Cache-Control", value),)) == found


def test_several_lines_are_one_list_and_pragma_stands_in() -> None:
    """Two header lines are one list; Pragma counts only where no Cache-Control stands (§5.4)."""
    assert directives((("Cache-Control", "a"), ("cache-control", "b=1"))) == {"a": "", "b": "1"}
    assert directives((("Pragma", "No-Cache"),)) == {"no-cache": ""}
    assert directives((("Pragma", "no-cache"), ("Cache-Control", "max-age=1"))) == {"max-age": "1"}
    assert directives(()) == {}


@pytest.mark.parametrize(
    ("text", "expected"), [("60", 60), ("0", 0), ("-1", 0), ("soon", 0), ("", 0), ("1.5", 0), ("9" * 30, 2**31)]
)
def test_what_is_no_number_of_seconds_is_stale(text: str, expected: int) -> None:
    """Delta-seconds are whole and bounded; nonsense is zero, never forever."""
    assert seconds({"max-age": text}, "max-age") == expected
    assert seconds({}, "max-age") is None


def test_dates() -> None:
    """A date is seconds since the epoch; an absent or unreadable one is none."""
    assert moment((("Date", "Thu, 01 Jan 1970 00:01:00 GMT"),), "date") == 60
    assert moment((("Expires", "0"),), "expires") is None
    assert moment((), "date") is None


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    """No value of the header or of a date does anything but mean something or nothing."""
    found = directives((("Cache-Control", text),))
    assert all(seconds(found, name) is not None for name in found)
    assert moment((("Date", text),), "date") is None or isinstance(moment((("Date", text),), "date"), float)
