from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import jwt
import pytest

from gateway.core.credentials import Credentials, Tokens
from gateway.core.routes import Access
from gateway.idempotency.claimant import claimant
from gateway.idempotency.identity import Claimant, bearer, user
from gateway.idempotency.keys import Keys
from tests.apps.table import JWT_SECRET, ORGANISATION, route, table, token

if TYPE_CHECKING:
    from gateway.core.exchange import Headers

KEYS = Keys(b"k" * 32)
OPEN = route("deploy", "compute", "POST /deploy", "POST /api/deploy")
CHECKED = route("users.add", "front", "POST /users", "POST /api/users")
TABLE = table("http://127.0.0.1:1", OPEN, CHECKED)
FORGED = token(secret="x" * 40)


CLIENT = "203.0.113.9"


def sent(credential: str) -> Headers:
    """The headers of a request with a credential."""
    return (("Authorization", f"Bearer {credential}"),) if credential else ()


def who(
    credential: str, *, of: Any = OPEN, secrets: tuple[str, ...] = (JWT_SECRET,), at: Any = TABLE
) -> Claimant | None:
    """The claimant of a request now."""
    return claimant(KEYS, at, of, sent(credential), CLIENT, secrets=secrets, now=time.time())


@pytest.mark.parametrize("of", [OPEN, CHECKED])
def test_a_genuine_token_names_its_user_as_the_gateway_would(of: Any) -> None:
    """Verified, so that a refreshed token gets the answers of the one before."""
    one = token()
    assert who(one, of=of) == user(KEYS, sent(one), "user-1", ORGANISATION)
    again = who(token(iat=1), of=of)
    assert again is not None
    assert (again.scope, again.verified) == (("user", "user-1", ORGANISATION), True)


@pytest.mark.parametrize(
    "claims", [{"exp": 1}, {"exp": "soon"}, {"exp": None}, {"nbf": 1e12}, {"type": "refresh"}, {"exp": float("nan")}]
)
def test_a_token_that_holds_no_longer_names_its_user_where_the_service_asks_nobody(claims: dict[str, Any]) -> None:
    """There it works, so its user must not write twice; a service that checks tokens refuses it by itself."""
    stale = token(**claims)
    assert who(stale) == user(KEYS, sent(stale), "user-1", ORGANISATION, verified=False)
    assert who(stale, of=CHECKED) is None


@pytest.mark.parametrize("credential", [FORGED, "sk-key", "a.b.c", token(sub="\xe9"), token(sub=7), token(sub=None)])
def test_whatever_is_no_genuine_token_counts_as_itself(credential: str) -> None:
    """A forged token gets its own scope and nothing of the user it names."""
    assert who(credential) == bearer(KEYS, sent(credential), "")


def test_during_a_rotation_a_token_of_the_former_secret_names_its_user() -> None:
    """As at the gateway; a token of neither secret stays its own, in whatever order they are given."""
    former = "f" * 40
    old = token(secret=former)
    for secrets in ((JWT_SECRET, former), (former, JWT_SECRET)):
        assert who(old, secrets=secrets) == user(KEYS, sent(old), "user-1", ORGANISATION)
        assert who(token(), secrets=secrets) == user(KEYS, sent(token()), "user-1", ORGANISATION)
        assert who(FORGED, secrets=secrets) == bearer(KEYS, sent(FORGED), "")
    assert who(old) == bearer(KEYS, sent(old), "")


def test_a_token_of_a_kind_that_nobody_accepts_counts_as_itself() -> None:
    """The algorithm is the policy's to choose, not the token's."""
    unsigned = jwt.encode({"sub": "user-1", "exp": 1e12}, None, algorithm="none")
    stronger = token(algorithm="HS512", secret="x" * 64)
    for credential in (unsigned, stronger):
        assert who(credential) == bearer(KEYS, sent(credential), "")


def test_without_the_secret_a_token_names_its_user_and_proves_nothing() -> None:
    """No second write after a flip, and no answer that another credential got."""
    assert who(FORGED, secrets=()) == user(KEYS, sent(FORGED), "user-1", ORGANISATION, verified=False)
    assert who(token(exp=1), secrets=(), of=CHECKED) is None


def test_the_policy_says_whose_tokens_count() -> None:
    """Another issuer's or audience's is refused by a service that checks, and proves nothing to one that does not."""
    tokens = Tokens(issuer="us", audiences=("api",), type="any")
    strict = replace(TABLE, policy=replace(TABLE.policy, credentials=Credentials(tokens=tokens)))
    ours = who(token(iss="us", aud=["api", "x"], type=None), at=strict, of=CHECKED)
    assert ours is not None
    assert ours.verified
    for claims in ({"iss": "them", "aud": "api"}, {"iss": "us", "aud": "other"}, {"iss": "us"}):
        assert who(token(**claims), at=strict, of=CHECKED) is None


def test_callers_without_a_credential_are_told_apart_by_address() -> None:
    """Scripts and nodes that orchestration asks for nothing."""
    assert who("") == Claimant(("client", CLIENT), "")


@pytest.mark.parametrize("access", [Access.PUBLIC, Access.API_KEY])
def test_only_routes_with_tokens_know_users(access: Access) -> None:
    """Elsewhere the credential counts, as at the gateway."""
    one = token()
    assert who(one, of=replace(OPEN, access=access)) == bearer(KEYS, sent(one), "")
