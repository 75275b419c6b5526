"""The memory of authentication."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.authenticate import Identity
from gateway.authenticate.jwt import json_web_token
from gateway.core.credentials import Credentials, Tokens
from gateway.core.policy import Policy
from gateway.transport.pool import Pool
from tests.apps.table import route, settings, table, token

if TYPE_CHECKING:
    import pytest

ROUTE = route("a", "compute", "GET /a", "GET /a")
TABLE = table("http://127.0.0.1:9", ROUTE)


async def test_a_reload_that_changes_who_is_let_in_forgets_tokens() -> None:
    """Any other reload keeps them."""
    identity, value = Identity(settings(), Pool()), f"Bearer {token()}"
    await json_web_token(identity, TABLE, ROUTE, value)
    same = replace(TABLE.policy, drain=1.0)
    assert len(identity.tokens(same)) == 1
    assert len(identity.tokens(replace(same, credentials=Credentials(Tokens(issuer="x"))))) == 0


def test_each_policy_that_lets_others_in_counts() -> None:
    """Algorithms, the key prefix and everything about credentials decide."""
    identity = Identity(settings(), Pool())
    generation = identity.tokens(Policy()).generation
    for policy in (Policy(algorithms=("HS512",)), Policy(api_key_prefix="k-"), Policy(algorithms=("HS512",))):
        assert identity.tokens(policy).generation == generation + 1
        generation += 1


def test_an_algorithm_that_the_secret_is_too_short_for_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """Once per policy, and without the secret: otherwise all of its tokens would be refused for no visible reason."""
    identity = Identity(settings(jwt_secret="s" * 50), Pool())
    policy = Policy(algorithms=("HS256", "HS384", "HS512"))
    for _ in range(3):
        identity.tokens(policy)
    assert caplog.messages == ["no HS512 token holds: the secret has 50 bytes, not 64"]


async def test_closing_twice_is_fine() -> None:
    """Nothing is under way, so nothing is given up."""
    identity = Identity(settings(), Pool())
    identity.close()
    identity.close()
