from __future__ import annotations

import uuid

import pytest

from gateway.core.errors import ConfigError
from migrate.probe.credentials import FOREIGN_TOKEN, PASSWORD, TOKEN, USERNAME, Credentials, credentials
from tests.apps.echo import raw, upstream
from tests.apps.probed import aimed, small
from tests.apps.table import JWT_SECRET, token


def test_given_tokens_go_first() -> None:
    """They are used as they are, and their claims are read."""
    given, foreign = token(), token(org_id="org-2")
    known = credentials({TOKEN: given, FOREIGN_TOKEN: foreign, "CUTOVER_JWT_SECRET": JWT_SECRET}, small())
    assert known == Credentials(given, foreign, JWT_SECRET)
    assert (known.subject, known.organisation, known.other_organisation) == ("user-1", "org-1", "org-2")


def test_the_secret_makes_a_token() -> None:
    """It names a user nobody knows, in an organisation nobody is in."""
    known = credentials({"CUTOVER_JWT_SECRET": JWT_SECRET}, small(), 1000.0)
    assert known.made
    assert known.subject == "cutover-probe"
    assert uuid.UUID(known.organisation)
    assert known.other_organisation != known.organisation


def test_an_api_key_may_be_given() -> None:
    """With any of the ways to a token, and alone; it is not shown."""
    for more in ({}, {TOKEN: token()}, {"CUTOVER_JWT_SECRET": JWT_SECRET}):
        known = credentials({"CUTOVER_PROBE_API_KEY": "sk-real", **more}, small())
        assert known.api_key == "sk-real"
        assert "sk-real" not in repr(known)


def test_nothing_is_known() -> None:
    """Then nothing is named, and another organisation is still one that does not exist."""
    known = credentials({}, small())
    assert (known.token, known.subject, known.organisation) == ("", "", "")
    assert uuid.UUID(known.other_organisation)


def test_no_secret_is_shown() -> None:
    """The printed form holds none of them."""
    assert "user" not in repr(Credentials("a.user.b", "user", "user"))


async def test_a_name_without_a_password_is_not_enough() -> None:
    """The message is that of the sign-in."""
    async with upstream(raw(b"HTTP/1.1 401 No\r\ncontent-length: 0\r\n\r\n")) as service:
        with pytest.raises(ConfigError):
            credentials({USERNAME: "x"}, aimed(small(), service.address))
        with pytest.raises(ConfigError):
            credentials({USERNAME: "x", PASSWORD: "y"}, aimed(small(), service.address))
