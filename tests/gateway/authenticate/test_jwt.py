"""JSON Web Tokens."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.authenticate import Identity
from gateway.authenticate.jwt import json_web_token
from gateway.authenticate.published import PAUSE
from gateway.caller import Caller
from gateway.core.credentials import Credentials, Jwks, Tokens
from gateway.problem import Unauthenticated, Unavailable
from gateway.transport.pool import Pool
from tests.apps.issuer import ec_key, issuing, jwk, private_pem, public_pem, rsa_key
from tests.apps.table import JWT_SECRET, route, settings, table, token
from tests.apps.wire import eventually

if TYPE_CHECKING:
    from gateway.core.table import RouteTable

ROUTE = route("a", "compute", "GET /a", "GET /a")
NOW = 1_700_000_000.0
USUAL = Credentials()
PREVIOUS = "previous-jwt-secret-key-0123456789abcdef"


class Checking:
    """An identity with clocks that stand until they are set."""

    def __init__(
        self, algorithms: tuple[str, ...] = ("HS256",), credentials: Credentials = USUAL, **changes: Any
    ) -> None:
        self.day, self.steady = NOW, 10.0
        self.settings = settings(clock=lambda: self.day, **changes)
        self.identity = Identity(self.settings, Pool(), monotonic=lambda: self.steady)
        self.table: RouteTable = table("http://127.0.0.1:9", ROUTE, algorithms=algorithms, credentials=credentials)

    async def check(self, text: str) -> Caller:
        """The caller of a token."""
        return await json_web_token(self.identity, self.table, ROUTE, f"Bearer {text}")

    async def refused(self, text: str) -> str:
        """Why a token is 401."""
        with pytest.raises(Unauthenticated) as refused:
            await self.check(text)
        return refused.value.reason


def made(**claims: Any) -> str:
    """A token around the standing clock."""
    return token(**{"exp": int(NOW) + 1800, "iat": int(NOW), **claims})


def packed(value: Any) -> str:
    """Base64url without padding, of JSON or bytes."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


CLAIMS = {"sub": "user-1", "exp": int(NOW) + 60, "type": "access"}


def signed(header: dict[str, Any], secret: bytes = JWT_SECRET.encode(), claims: dict[str, Any] = CLAIMS) -> str:
    """A token with any header, signed with HMAC whatever it says."""
    message = f"{packed(header)}.{packed(claims)}"
    return f"{message}.{packed(hmac.digest(secret, message.encode(), hashlib.sha256))}"


def issued(key: Any, kid: str | None = "k", algorithm: str = "RS256", **claims: Any) -> str:
    """A token of an issuer; its claims are none of the platform's."""
    merged = {"sub": "user-1", "exp": int(NOW) + 1800, **claims}
    headers = {} if kid is None else {"kid": kid}
    return jwt.encode(merged, private_pem(key), algorithm=algorithm, headers=headers)


async def test_claims_become_the_caller() -> None:
    """Subject, organisation and roles come from the token."""
    assert await Checking().check(made()) == Caller("jwt", "user-1", "org-1", ("admin",))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": None}, "invalid"),
        ({"exp": int(NOW) - 1}, "expired"),
        ({"exp": int(NOW)}, "expired"),
        ({"exp": True}, "expired"),
        ({"exp": "tomorrow"}, "expired"),
        ({"exp": float("nan")}, "expired"),
        ({"type": "refresh"}, "wrong-type"),
        ({"type": None}, "wrong-type"),
        ({"type": "any"}, "wrong-type"),
        ({"nbf": int(NOW) + 1}, "not-yet-valid"),
        ({"nbf": "x"}, "not-yet-valid"),
        ({"nbf": float("nan")}, "not-yet-valid"),
        ({"sub": None}, "invalid"),
        ({"sub": ""}, "invalid"),
        ({"sub": 7}, "invalid"),
        ({"sub": "a\r\nX-Evil: 1"}, "invalid"),
        ({"secret": "another-secret-key-0123456789abcdef0123456789"}, "invalid"),
        ({"algorithm": "HS512", "secret": JWT_SECRET * 2}, "invalid"),
    ],
)
async def test_bad_tokens_are_refused(changes: dict[str, Any], reason: str) -> None:
    """Missing or past expiry, another type, a foreign signature or algorithm are 401 with their reason."""
    assert await Checking().refused(made(**changes)) == reason


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "HS256", "crit": ["exp"], "exp": 1},
        {"alg": "HS256", "crit": []},
        {"alg": "HS256", "crit": ["b64"], "b64": True},
        {"alg": "HS256", "b64": True},
        {"alg": "HS256", "kid": 7},
        {"alg": "HS256", "kid": ["../../dev/null"]},
        {"alg": ["HS256"]},
        {"alg": "hs256"},
        {"alg": None},
        {"typ": "JWT"},
        {"alg": "HS384"},
        {"alg": "RS256"},
        {"alg": "none"},
    ],
)
async def test_odd_headers_are_refused(header: dict[str, Any]) -> None:
    """Even with the right secret: what is critical is not understood, and the algorithm is the allow-list's."""
    assert await Checking().refused(signed(header)) == "invalid"


async def test_a_tokens_own_word_on_its_key_is_not_heard() -> None:
    """A key it carries or points to is not used, and a key id chooses no file and no secret."""
    evil = jwk(rsa_key("evil"))
    for header in ({"jwk": evil}, {"jku": "http://127.0.0.1:9/k"}, {"x5u": "http://127.0.0.1:9/c"}, {"x5c": ["x"]}):
        one = Checking(("HS256", "RS256"), Credentials(jwks=Jwks("http://127.0.0.1:9/k")))
        assert (await one.check(signed({"alg": "HS256", **header}))).subject == "user-1"
        assert await one.refused(signed({"alg": "HS256", **header}, b"x" * 32)) == "invalid"
    for kid in ("../../../dev/null", "' OR 1=1 --", "", "k"):
        assert await Checking().refused(signed({"alg": "HS256", "kid": kid}, b"")) == "invalid"


@pytest.mark.parametrize("name", ["none", "None", "NONE", "HS256"])
async def test_algorithm_none_is_refused(name: str) -> None:
    """A token that claims to need no signature does not hold, also where somebody allows it."""
    unsigned = f"{packed({'alg': name, 'typ': 'JWT'})}.{packed(CLAIMS)}."
    assert await Checking().refused(unsigned) == "invalid"
    assert await Checking(("none", name)).refused(unsigned) == "invalid"


async def test_clock_is_the_settings_own() -> None:
    """A recording's clock makes a recorded token hold, and the wall clock does not."""
    old = Checking()
    old.day = 999_999.0
    assert (await old.check(token(exp=1_000_000, iat=999_000))).subject == "user-1"
    now = Checking()
    now.day = time.time()
    assert await now.refused(token(exp=1_000_000, iat=999_000)) == "expired"


async def test_odd_claims_are_left_out() -> None:
    """Roles and organisations that are no plain text are not told to anybody."""
    caller = await Checking().check(made(roles=["admin", 7, "a\nb", ""], org_id=["x"]))
    assert (caller.roles, caller.organisation) == (("admin",), "")
    assert (await Checking().check(made(roles="admin"))).roles == ()


async def test_api_key_is_refused_as_such() -> None:
    """An API key on a JWT route is 401 and says which family it is of."""
    assert await Checking().refused("sk-secret") == "wrong-family"


async def test_the_refusal_says_why() -> None:
    """RFC 6750 §3: error and description in WWW-Authenticate."""
    with pytest.raises(Unauthenticated) as refused:
        await Checking().check(made(exp=1))
    told = dict(refused.value.headers)["www-authenticate"]
    assert told == 'Bearer error="invalid_token", error_description="Token has expired"'


@pytest.mark.parametrize(
    ("tokens", "claims", "reason"),
    [
        (Tokens(issuer="me"), {"iss": "me"}, ""),
        (Tokens(issuer="me"), {"iss": "Me"}, "wrong-issuer"),
        (Tokens(issuer="me"), {}, "wrong-issuer"),
        (Tokens(audiences=("a", "b")), {"aud": "b"}, ""),
        (Tokens(audiences=("a",)), {"aud": ["x", "a"]}, ""),
        (Tokens(audiences=("a",)), {"aud": "ab"}, "wrong-audience"),
        (Tokens(audiences=("a",)), {"aud": [["a"]]}, "wrong-audience"),
        (Tokens(audiences=("a",)), {"aud": {"a": 1}}, "wrong-audience"),
        (Tokens(audiences=("a",)), {}, "wrong-audience"),
        (Tokens(), {"aud": "x", "iss": "y"}, ""),
        (Tokens(type="any"), {"type": None}, ""),
        (Tokens(type="id"), {"type": "id"}, ""),
        (Tokens(leeway=5), {"exp": int(NOW) - 4}, ""),
        (Tokens(leeway=5), {"exp": int(NOW) - 5}, "expired"),
        (Tokens(leeway=5), {"nbf": int(NOW) + 5}, ""),
        (Tokens(leeway=5), {"nbf": int(NOW) + 6}, "not-yet-valid"),
    ],
)
async def test_what_is_configured_is_checked(tokens: Tokens, claims: dict[str, Any], reason: str) -> None:
    """Issuer, audience, type and leeway are the policy's."""
    one, text = Checking(credentials=Credentials(tokens)), made(**claims)
    if reason:
        assert await one.refused(text) in {reason, "invalid"}
    else:
        assert (await one.check(text)).subject == "user-1"


async def test_rotating_the_secret_logs_nobody_out() -> None:
    """While the former secret is given, its tokens hold; without it they do not."""
    old = made(secret=PREVIOUS)
    assert (await Checking(jwt_secret_previous=PREVIOUS).check(old)).subject == "user-1"
    assert (await Checking(jwt_secret_previous=PREVIOUS).check(made())).subject == "user-1"
    assert await Checking().refused(old) == "invalid"


async def test_a_secret_verifies_only_what_it_is_long_enough_for() -> None:
    """RFC 7518 §3.2: HS512 wants 64 bytes, so that a short secret never serves it."""
    longer = JWT_SECRET * 2
    assert await Checking(("HS256", "HS512")).refused(made(algorithm="HS512", secret=longer)) == "invalid"
    one = Checking(("HS256", "HS512"), jwt_secret=longer)
    assert (await one.check(made(algorithm="HS512", secret=longer))).subject == "user-1"


# Published keys.


@pytest.mark.parametrize(("algorithm", "key"), [("RS256", rsa_key()), ("ES256", ec_key())])
async def test_published_keys_verify_their_own_algorithm(algorithm: str, key: Any) -> None:
    """A token of the issuer holds; one of another key under the same name does not."""
    async with issuing(jwk(key, kid="k")) as issuer:
        one = Checking((algorithm,), Credentials(Tokens(type="any"), Jwks(issuer.url)))
        assert (await one.check(issued(key, algorithm=algorithm))).subject == "user-1"
        assert (await one.check(issued(key, None, algorithm))).subject == "user-1"
        other = rsa_key("2") if algorithm == "RS256" else ec_key("2")
        assert await one.refused(issued(other, algorithm=algorithm)) == "invalid"
        assert await one.refused(issued(key, "x", algorithm)) == "invalid"


async def test_the_public_key_is_never_a_secret() -> None:
    """Algorithm confusion: HMAC with the published key as its secret, in any form of it, is refused."""
    key = rsa_key()
    async with issuing(jwk(key, kid="k")) as issuer:
        one = Checking(("RS256", "ES256", "HS256"), Credentials(Tokens(type="any"), Jwks(issuer.url)))
        assert (await one.check(issued(key))).subject == "user-1"
        forms = [public_pem(key), public_pem(key).strip(), json.dumps(jwk(key, kid="k")).encode()]
        for secret in forms:
            for algorithm in ("HS256", "RS256", "ES256"):
                assert await one.refused(signed({"alg": algorithm, "kid": "k"}, secret)) == "invalid"


async def test_a_key_verifies_no_other_algorithm() -> None:
    """An elliptic key under the name an RS256 token gives is not found, nor is an RSA key for RS512 or PS256."""
    async with issuing(jwk(ec_key(), kid="k"), jwk(rsa_key(), kid="r")) as issuer:
        allowed = ("RS256", "ES256", "RS512", "PS256")
        one = Checking(allowed, Credentials(Tokens(type="any"), Jwks(issuer.url)))
        assert await one.refused(issued(rsa_key(), "k")) == "invalid"
        for algorithm in ("RS512", "PS256"):
            assert await one.refused(issued(rsa_key(), "r", algorithm)) == "invalid"


async def test_a_symmetric_key_in_the_set_signs_nothing() -> None:
    """Whoever writes an oct key into a published set has published it."""
    secret = b"s" * 32
    oct_key = {"kty": "oct", "kid": "o", "alg": "HS256", "k": packed(secret)}
    async with issuing(oct_key, jwk(rsa_key(), kid="k")) as issuer:
        one = Checking(("HS256", "RS256"), Credentials(Tokens(type="any"), Jwks(issuer.url)))
        assert await one.refused(signed({"alg": "HS256", "kid": "o"}, secret)) == "invalid"


async def test_an_issuer_that_is_away_is_503_and_no_401() -> None:
    """A 401 would make clients throw good tokens away; tokens that need no issuer hold on."""
    one = Checking(("RS256", "HS256"), Credentials(Tokens(type="any"), Jwks("http://127.0.0.1:9/keys")))
    with pytest.raises(Unavailable):
        await one.check(issued(rsa_key()))
    assert (await one.check(made())).subject == "user-1"


# Remembering.


async def test_a_token_is_verified_once() -> None:
    """The second time it is looked up."""
    one, text = Checking(), made()
    assert await one.check(text) is await one.check(text)


async def test_a_token_is_not_remembered_past_its_end() -> None:
    """Neither past exp, nor by a clock that is set back."""
    one, text = Checking(), made(exp=int(NOW) + 60)
    await one.check(text)
    one.day = NOW + 59.9
    assert (await one.check(text)).subject == "user-1"
    one.day = NOW + 60
    assert await one.refused(text) == "expired"
    late = made(exp=int(NOW) + 120)
    first = await one.check(late)
    one.day, one.steady = NOW, 10.0 + 60
    again = await one.check(late)
    assert again == first
    assert again is not first


async def test_leeway_holds_for_remembered_tokens_too() -> None:
    """A token is believed for as long as when it is new."""
    one, text = Checking(credentials=Credentials(Tokens(leeway=5.0))), made(exp=int(NOW) + 60)
    await one.check(text)
    one.day = NOW + 64.9
    await one.check(text)
    one.day = NOW + 65
    assert await one.refused(text) == "expired"


async def test_refusals_are_not_remembered() -> None:
    """A token that is not yet valid holds as soon as it is."""
    one, text = Checking(), made(nbf=int(NOW) + 10)
    assert await one.refused(text) == "not-yet-valid"
    one.day += 10
    assert (await one.check(text)).subject == "user-1"


async def test_a_remembered_token_ends_with_its_key() -> None:
    """When a fetch drops the key, what it verified is forgotten with it."""
    async with issuing(jwk(rsa_key(), kid="k"), jwk(rsa_key("2"), kid="n")) as issuer:
        one = Checking(("RS256",), Credentials(Tokens(type="any"), Jwks(issuer.url, refresh=300)))
        text = issued(rsa_key())
        await one.check(text)
        one.steady += 299
        await one.check(text)
        issuer.keys = (jwk(rsa_key("2"), kid="n"),)
        one.steady += 1
        await one.check(text)
        await eventually(lambda: not one.identity.published._running)
        assert await one.refused(text) == "invalid"
        one.steady += PAUSE
        assert (await one.check(issued(rsa_key("2"), "n"))).subject == "user-1"


@hypothesis_settings(deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_refused_quietly(text: str) -> None:
    """Nothing that is no token gets past or breaks anything."""

    async def refuse() -> None:
        await Checking().refused(text)

    asyncio.run(refuse())


PART = st.dictionaries(
    st.sampled_from(["alg", "kid", "crit", "typ", "jwk", "b64", "exp", "sub", "type"]),
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.lists(st.text(max_size=3), max_size=2),
)


@hypothesis_settings(deadline=None)
@given(PART, PART)
def test_any_header_and_claims_are_answered(header: dict[str, Any], claims: dict[str, Any]) -> None:
    """A signed token of any content is accepted or 401, never anything else."""

    async def answered() -> None:
        with contextlib.suppress(Unauthenticated):
            await Checking().check(signed({"alg": "HS256", **header}, claims={**CLAIMS, **claims}))

    asyncio.run(answered())
