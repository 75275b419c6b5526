"""Answers."""

from __future__ import annotations

from gateway.answer import Answer


def test_answer_is_empty_unless_said() -> None:
    """An answer without headers and body is a whole, empty one."""
    assert (Answer(204).headers, Answer(204).body) == ((), b"")
