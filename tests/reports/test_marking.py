from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.marking import Marked, mark


@pytest.mark.parametrize(
    ("legacy", "gateway", "expected"),
    [
        ("10:20.45Z", "10:20Z", Marked("10:20", ".45", "", "Z")),
        ("same", "same", Marked("same", "", "", "")),
        ("", "new", Marked("", "", "new", "")),
        ("aa", "aaa", Marked("aa", "", "a", "")),
    ],
)
def test_where_values_part(legacy: str, gateway: str, expected: Marked) -> None:
    """What is common before and after is cut off, and never counted twice."""
    assert mark(legacy, gateway) == expected


@given(st.text(), st.text())
def test_nothing_is_lost(legacy: str, gateway: str) -> None:
    """Put together again, the parts are the two values."""
    parted = mark(legacy, gateway)
    assert parted.before + parted.legacy + parted.after == legacy
    assert parted.before + parted.gateway + parted.after == gateway
