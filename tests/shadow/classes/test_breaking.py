"""What no class may excuse."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.core.observation import DifferenceKind
from shadow.classes.breaking import BREAKING
from shadow.classify import breaking
from shadow.diff.found import Found
from tests.shadow.cases import answer, case, pair

PLAIN = case(pair(answer(), answer()))
CHANGED, MISSING, EXTRA, COUNT = (
    DifferenceKind.CHANGED,
    DifferenceKind.MISSING,
    DifferenceKind.EXTRA,
    DifferenceKind.COUNT,
)


EXAMPLES = [
    ("cors", "preflight", CHANGED, "allowed", "no", "preflight"),
    ("cors", "access", CHANGED, "allowed", "no", "unreadable"),
    ("cors", "access", CHANGED, "no", "allowed", ""),
    ("cors", "vary", MISSING, "Origin", None, "unreadable"),
    ("cookie", "s.secure", MISSING, "", None, "cookie-scope"),
    ("cookie", "s", MISSING, "v", None, "cookie-scope"),
    ("cookie", "s.value", CHANGED, "a", "b", ""),
    ("header", "location", CHANGED, "/items", "http://api.example:8000/items", "location-leaves"),
    ("header", "location", MISSING, "/items", None, "location-leaves"),
    ("header", "location", CHANGED, "/items", "/api/v1/items", ""),
    ("header", "cache-control", EXTRA, None, "public", "caching"),
    ("header", "vary", MISSING, "accept-language", None, "caching"),
    ("header", "vary", COUNT, ["accept", "accept-language"], "accept", "caching"),
    ("header", "vary", CHANGED, "accept", "accept-language", "caching"),
    ("header", "vary", COUNT, "accept", ["accept", "accept-language"], ""),
    ("header", "vary", EXTRA, None, "accept", ""),
    ("header", "x-a", EXTRA, None, "public", ""),
    ("status", "200→502", CHANGED, 200, 502, "gateway-made"),
    ("status", "200→500", CHANGED, 200, 500, ""),
    ("upstream.path", "", CHANGED, "/a%2Fb", "/a/b", "double-encoded"),
    ("upstream.path", "", CHANGED, "/a%20b", "/a%2520b", "double-encoded"),
    ("upstream.path", "", CHANGED, "/a%2520b", "/a%20b", "double-encoded"),
    ("upstream.path", "", CHANGED, "/a", "/b", ""),
    ("upstream.query", "t", CHANGED, "a:b", "a%3Ab", ""),
    ("upstream.query", "t", COUNT, ["1", "2"], "2", "lost-repetition"),
    ("upstream.body", "tag", COUNT, ["1", "2"], "2", "lost-repetition"),
    ("upstream.body", "(more)", COUNT, None, None, ""),
    ("body", "$.a", CHANGED, 1, 2, ""),
]


@pytest.mark.parametrize(("location", "path", "kind", "legacy", "gateway", "name"), EXAMPLES)
def test_breaking(location: str, path: str, kind: DifferenceKind, legacy: Any, gateway: Any, name: str) -> None:
    """Each breaking class is told by its place and what became of it."""
    assert breaking(Found(location, path, kind, legacy, gateway), PLAIN) == name


def test_every_breaking_class_says_why() -> None:
    """Names are unique and reasons given."""
    assert len({one.name for one in BREAKING}) == len(BREAKING)
    assert all(one.reason for one in BREAKING)
