from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from loadtests.account import Session
from loadtests.plan import LoadPlan
from loadtests.prepare import prepare
from loadtests.sessions import Sessions
from tests.apps.load_target import CREDENTIALS, Target, running, token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    """The small load target."""
    with running(tmp_path) as found:
        yield found


def sessions(target: Target, *, follows: bool = False, **variables: str) -> Sessions:
    """The sessions of a run with the usual account, and what else is given."""
    return Sessions(prepare(LoadPlan(target.config), {}), {**CREDENTIALS, **variables}, follows=follows)


def test_each_account_is_signed_in_for_once(target: Target) -> None:
    """Users take the accounts in turn, however many there are; a given token needs no sign-in."""
    given = token(lifetime=900)
    found = sessions(target, CUTOVER_LOAD_TOKEN_2=given)
    assert [found.next() for _ in range(3)] == [0, 1, 2]
    assert found.tokens == [found.one(0).token, given] == [found.one(2).token, found.one(3).token]
    assert target.behaviour.sign_ins == 1


def test_a_session_near_its_end_is_renewed_alone(target: Target) -> None:
    """The other accounts keep theirs."""
    given = token(lifetime=900)
    found = sessions(target, CUTOVER_LOAD_TOKEN_2=given)
    found._held[0] = Session("old", ends=time.time() + 30)
    assert "old" not in {found.one(0).token for _ in range(5)}
    assert (found.one(1).token, target.behaviour.sign_ins) == (given, 2)


def test_a_follower_takes_what_it_is_told(target: Target) -> None:
    """A worker signs in nowhere, also when a token is about to end."""
    found = sessions(target, follows=True)
    assert found.tokens == [""]
    found.share(["a", "b"])
    assert (found.one(1).token, target.behaviour.sign_ins) == ("b", 0)
