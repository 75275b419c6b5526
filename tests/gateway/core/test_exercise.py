from __future__ import annotations

from gateway.core.exercise import Example


def test_an_empty_example_is_a_call_without_parameters() -> None:
    """Nothing has to be said."""
    assert (Example().path, Example().query, Example().body) == ({}, "", "")
