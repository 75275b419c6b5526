"""Callers."""

from __future__ import annotations

from gateway.caller import ANONYMOUS, Caller


def test_nobody_has_no_name() -> None:
    """The anonymous caller has neither subject, organisation nor role."""
    assert Caller("anonymous", "", "", ()) == ANONYMOUS
