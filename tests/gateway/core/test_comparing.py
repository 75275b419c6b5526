"""Meanings by which values are compared."""

from __future__ import annotations

from pathlib import Path

from gateway.core.comparing import Like, Meaning

PAGE = Path(__file__).parents[3] / "docs" / "differences.md"


def test_a_meaning_excuses_nothing_by_itself() -> None:
    """Without a tolerance, numbers and instants have to be equal."""
    assert Like(Meaning.NUMBER) == Like(Meaning.NUMBER, 0.0, relative=False)


def test_every_meaning_is_documented() -> None:
    """The page has a row for each."""
    assert [name for name in Meaning if f"\n| `{name}` |" not in PAGE.read_text()] == []
