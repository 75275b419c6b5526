"""Callers."""

from __future__ import annotations

import pytest

from gateway.caller import ANONYMOUS, Caller


def test_nobody_has_no_name() -> None:
    """The anonymous caller has neither subject, organisation nor role."""
    assert Caller("anonymous", "", "", ()) == ANONYMOUS


@pytest.mark.parametrize(
    ("caller", "verified"),
    [
        (ANONYMOUS, False),
        (Caller("jwt", "u"), True),
        (Caller("ticket", "u"), True),
        (Caller("api-key", "fp:1"), False),
        (Caller("api-key", "fp:1", checked=True), True),
    ],
)
def test_only_a_verified_caller_may_be_stated(caller: Caller, verified: bool) -> None:  # noqa: FBT001 - a case
    """A key that only passes through names nobody."""
    assert caller.verified is verified
