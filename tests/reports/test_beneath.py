from __future__ import annotations

import pytest

from reports.beneath import is_beneath, look, uncompared


@pytest.mark.parametrize(
    ("location", "pattern", "kind", "word"),
    [
        ("status", "200→500", "changed", "headers, cookies and bodies"),
        ("status", "200→201", "changed", ""),
        ("body", "$.a", "missing", "everything beneath $.a"),
        ("body", "", "extra", "everything beneath the body"),
        ("body", "$.a", "changed", ""),
        ("body", "digest", "changed", "only their digests"),
        ("upstream.body", "content", "type", "not of one content type"),
        ("header", "etag", "missing", ""),
    ],
)
def test_what_is_not_looked_at_is_said(location: str, pattern: str, kind: str, word: str) -> None:
    """Where a difference stands, what else could differ there is named."""
    found = uncompared(location, pattern, kind)
    assert word in found
    assert bool(found) == bool(word)


@pytest.mark.parametrize(
    ("pattern", "above", "beneath"),
    [
        ("$.a.b", "$.a", True),
        ("$.a[*].b", "$.a", True),
        ("$.ab", "$.a", False),
        ("$.a", "$.a", False),
        ("$.a", "", True),
        ("$", "$.a", False),
    ],
)
def test_a_place_lies_within_another(pattern: str, above: str, *, beneath: bool) -> None:
    """By members and positions, not by letters."""
    assert is_beneath(pattern, above) == beneath


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("", "nothing"),
        ("12.5", "number"),
        ("true", "boolean"),
        ("null", "null"),
        ('"x"', "text"),
        ("x", "text"),
        ("[1]", "list"),
        ("{}", "object"),
        ("2026-11-22T18:33:20.458529", "time"),
        ('"2026-11-22"', "time"),
        ("0f8fad5b-d9cb-469f-a165-70867728950e", "uuid"),
        ("Bearer fp:0123456789abcdef", "secret"),
    ],
)
def test_values_are_told_by_their_look(value: str, name: str) -> None:
    """So that a rule about times is seen to hide a role as well."""
    assert look(value) == name
