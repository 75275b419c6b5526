from __future__ import annotations

from gateway.core.nearest import nearest


def test_a_mistyped_word_finds_its_like() -> None:
    """One slip is mended; case does not count."""
    assert nearest("insights.summray", ["insights.summary", "insights.logs"]) == "insights.summary"
    assert nearest("get", ["GET", "POST"]) == "GET"


def test_a_foreign_word_finds_nothing() -> None:
    """A wrong suggestion is worse than none."""
    assert nearest("zzzz", ["insights.summary"]) is None
    assert nearest("x", []) is None
