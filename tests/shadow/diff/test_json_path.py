"""Paths into documents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.observation import Difference, DifferenceKind
from shadow.diff import json_path


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("name", "$.name"),
        ("content-type", "$.content-type"),
        ("odd key", '$."odd key"'),
        ("a[0]", '$."a\\u005b0\\u005d"'),
        ("", '$.""'),
        ("42", "$[42]"),
        ("33333333-3333-4333-8333-333333333331", "$[33333333-3333-4333-8333-333333333331]"),
        ("x" * 100, "$." + "x" * 100),
        (" " * 100, '$."' + " " * 79 + '\\u2026"'),
    ],
)
def test_members(key: str, path: str) -> None:
    """Plain keys follow a dot, odd ones are quoted, and keys that look like ids stand in brackets."""
    assert json_path.member("$", key) == path


def test_items() -> None:
    """List items are named by position or by what tells them apart."""
    assert json_path.position("$.a", 3) == "$.a[3]"
    assert json_path.identified("$", "id", 42) == "$[id=42]"
    assert json_path.identified("$", "id", "a]b") == '$[id="a\\u005db"]'


def pattern(path: str) -> str:
    """The path with what stands in brackets blanked."""
    return Difference("body", path, DifferenceKind.CHANGED).pattern


@given(st.text(), st.text(), st.text(max_size=5))
def test_patterns_do_not_depend_on_identity(one: str, other: str, name: str) -> None:
    """Two items of one list have one pattern, whatever the values that tell them apart."""
    paths = [json_path.member(json_path.identified("$.items", "id", value), f"x{name}") for value in (one, other)]
    assert pattern(paths[0]) == pattern(paths[1])
