"""Queries and forms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.diff.pairs import decoded, diff, raw
from tests.shadow.cases import found_as


@pytest.mark.parametrize(
    ("legacy", "gateway", "expected"),
    [
        ("a=1&b=2", "a=1&b=2", []),
        ("a=1&b=2", "b=2&a=1", ["q order"]),
        ("a=1", "", ["q a missing"]),
        ("", "a=1", ["q a extra"]),
        ("a=1", "a=2", ["q a changed"]),
        ("a=1&a=2", "a=2", ["q a count"]),
        ("a=1&a=2", "a=2&a=1", ["q a order"]),
        ("a=%2B", "a=+", ["q a changed"]),
        ("a", "a=", []),
    ],
)
def test_queries_are_compared_raw(legacy: str, gateway: str, expected: list[str]) -> None:
    """Nothing is decoded; repetition and order count."""
    assert found_as(list(diff(raw(legacy), raw(gateway), "q"))) == expected


def test_forms_are_compared_by_meaning() -> None:
    """Another spelling of the same form is the same."""
    assert decoded("a=%20b&c=%C3%A9") == decoded("a=+b&c=é") == [("a", " b"), ("c", "é")]


@given(st.text(alphabet="ab=&%2"))
def test_a_query_does_not_differ_from_itself(text: str) -> None:
    """diff(x, x) is empty."""
    assert list(diff(raw(text), raw(text), "q")) == []
