"""Transport errors."""

from __future__ import annotations

import pytest

from gateway.transport.errors import Broken, ConnectFailed, Silent, TransportError


def test_errors_say_what_may_follow() -> None:
    """A failure to connect sent nothing; a broken exchange may have, and says whether the connection was stale."""
    assert not ConnectFailed("x").sent
    assert Broken("x").sent
    assert not Broken("x").stale
    assert isinstance(Silent("x", sent=True), TransportError)


@pytest.mark.parametrize(
    "failure", [Broken("a", sent=False, stale=True), Broken("b"), Silent("c", sent=True), ConnectFailed("d")]
)
def test_again_it_says_the_same_and_holds_nothing(failure: TransportError) -> None:
    """Type, words and what was sent stay; where it was raised does not."""
    try:
        raise failure
    except TransportError as raised:
        again = raised.again()
    assert (type(again), str(again), vars(again)) == (type(failure), str(failure), vars(failure))
    assert (failure.__traceback__ is None, again.__traceback__) == (False, None)
