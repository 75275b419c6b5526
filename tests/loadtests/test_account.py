from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from gateway.config import load_table
from gateway.core.errors import ConfigError, UnreachableError
from loadtests.account import Session, accounts, session, sign_in
from tests.apps.load_target import CREDENTIALS, TOTP, Target, running, table, token

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Target]:
    """The small load target."""
    with running(tmp_path) as found:
        yield found


def signed_in(target: Target, environment: dict[str, str], side: str = "gateway") -> Session:
    """The session that these variables give."""
    bases = {"gateway": f"http://127.0.0.1:{target.port}"} if side == "gateway" else {}
    return sign_in(environment, load_table(target.config), bases, side)


@pytest.mark.parametrize(("side", "path"), [("gateway", "/api/v1/auth/login"), ("legacy", "/auth/login")])
def test_one_sign_in_with_a_one_time_code(target: Target, side: str, path: str) -> None:
    """User name, password and TOTP code go to the sign-in route of the side, once."""
    found = signed_in(target, CREDENTIALS, side)
    assert (found.organisation, found.fresh(time.time())) == ("org-1", True)
    assert target.behaviour.seen == {path: 1}


def test_a_given_token_needs_no_sign_in(target: Target) -> None:
    """A token from the environment is taken as it is while it holds."""
    given = token()
    assert signed_in(target, {"CUTOVER_LOAD_TOKEN": given}).token == given
    assert target.behaviour.sign_ins == 0


def test_an_ending_token_is_replaced_or_told(target: Target) -> None:
    """A token about to end is replaced where credentials are there, and named where not."""
    ending = {"CUTOVER_LOAD_TOKEN": token(lifetime=20)}
    assert signed_in(target, {**CREDENTIALS, **ending}).fresh(time.time())
    with pytest.raises(ConfigError, match="CUTOVER_LOAD_TOKEN has expired"):
        signed_in(target, ending)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"CUTOVER_LOAD_USERNAME": ""}, "set CUTOVER_LOAD_USERNAME, or"),
        ({"CUTOVER_LOAD_PASSWORD": ""}, "set CUTOVER_LOAD_PASSWORD, or"),
        ({"CUTOVER_LOAD_PASSWORD": "wrong"}, "does not take CUTOVER_LOAD_USERNAME"),
        ({"CUTOVER_LOAD_TOTP_SECRET": ""}, "set CUTOVER_LOAD_TOTP_SECRET"),
        ({"CUTOVER_LOAD_TOTP_SECRET": "no base32!"}, "no usable base32 secret"),
        ({"CUTOVER_LOAD_TOTP_SECRET": TOTP[::-1]}, "Invalid 2FA Code"),
    ],
)
def test_wrong_credentials_say_which_variable(target: Target, changes: dict[str, str], words: str) -> None:
    """Each way to be refused names the variable to look at, never its value."""
    with pytest.raises(ConfigError, match=words) as caught:
        signed_in(target, {**CREDENTIALS, **changes})
    assert CREDENTIALS["CUTOVER_LOAD_PASSWORD"] not in str(caught.value)


def test_a_locked_account_says_so(target: Target) -> None:
    """The platform's limit on sign-ins is told apart from a wrong password."""
    target.behaviour.sign_ins = 5
    with pytest.raises(UnreachableError, match="too many sign-ins"):
        signed_in(target, CREDENTIALS)


def test_a_fault_is_no_sign_in(target: Target) -> None:
    """An answer without a token is named with its status."""
    target.behaviour.fail_every["/api/v1/auth/login"] = 1
    with pytest.raises(UnreachableError, match="answered 503 instead of a token"):
        signed_in(target, CREDENTIALS)


def test_a_dead_platform_is_unreachable(tmp_path: Path) -> None:
    """No answer to the sign-in is one clear line."""
    (tmp_path / "cutover.yaml").write_text(table(1))
    with pytest.raises(UnreachableError, match=r"no sign-in at http://127\.0\.0\.1:1/auth/login"):
        sign_in(CREDENTIALS, load_table(tmp_path / "cutover.yaml"), {}, "legacy")


@pytest.mark.parametrize("opaque", ["", "sk-123", "a.b.c", "a.bnVsbA.c", "é.é.é", "a.W10.c", "a.eyJleHAiOiJ4In0.c"])
def test_an_opaque_token_says_nothing(opaque: str) -> None:
    """What is no JWT is a session without organisation and end, and no fault."""
    assert session(opaque) == Session(opaque)


def test_a_session_shows_no_token() -> None:
    """The token stays out of representations."""
    assert "secret" not in repr(Session("secret"))


def test_several_accounts_are_given_by_number() -> None:
    """The first has the plain names, further ones `_2`, `_3`; a gap ends the row."""
    given = {
        "CUTOVER_LOAD_USERNAME": "a",
        "CUTOVER_LOAD_USERNAME_2": "b",
        "CUTOVER_LOAD_PASSWORD_2": "p",
        "CUTOVER_LOAD_TOKEN_3": "t",
        "CUTOVER_LOAD_USERNAME_5": "e",
    }
    found = accounts(given)
    assert [ending for ending, _ in found] == ["", "_2", "_3"]
    assert (found[1][1]["CUTOVER_LOAD_PASSWORD"], found[2][1]["CUTOVER_LOAD_TOKEN"]) == ("p", "t")
