"""What a service is told about the caller."""

from __future__ import annotations

import hmac
import json
import uuid
from base64 import urlsafe_b64decode

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.caller import ANONYMOUS, Caller
from gateway.context import LIFETIME, HandOff, _keyed, identity_headers, request_id
from gateway.core.exchange import Request
from gateway.downstream import service_key
from tests.apps.table import service

MASTER = b"c" * 32
NOW = 1_000_000.5
BOTH = service("a", "http://a")
USER = Caller("jwt", "u", "o", ("admin", "member"))
KEY = Caller("api-key", "fp:1", "o", checked=True)


def hand_off(now: float = NOW) -> HandOff:
    """One whose clock stands."""
    return HandOff("key", MASTER, lambda: now)


def claims(text: str, name: str = "a") -> dict[str, object]:
    """The claims of a context as PyJWT verifies it, time aside."""
    options = {"verify_exp": False, "verify_iat": False}
    found: dict[str, object] = jwt.decode(
        text, service_key(MASTER, name), algorithms=["HS256"], audience=name, issuer="cutover", options=options
    )
    return found


def test_verified_user_is_told() -> None:
    """User, organisation and roles of a verified user travel with the internal key and the signed context."""
    *told, (name, signed) = hand_off().headers(USER, BOTH, "GET", "/x")
    assert told == [
        ("X-User-ID", "u"),
        ("X-Organization-ID", "o"),
        ("X-User-Role", "admin,member"),
        ("X-Internal-API-Key", "key"),
    ]
    assert name == "Cutover-Context"
    assert claims(signed)["sub"] == "u"


def test_each_service_gets_what_it_takes() -> None:
    """Internal key and signed context are options of a service."""

    def names(**options: bool) -> list[str]:
        return [name for name, _ in hand_off().headers(ANONYMOUS, service("a", "http://a", **options), "GET", "/")]

    assert names() == ["X-Internal-API-Key", "Cutover-Context"]
    assert names(internal_key=False) == ["Cutover-Context"]
    assert names(context=False) == ["X-Internal-API-Key"]
    assert names(internal_key=False, context=False) == []


@pytest.mark.parametrize(
    ("caller", "told"),
    [
        (ANONYMOUS, ()),
        (Caller("api-key", "fp:1", "o"), ()),
        (KEY, (("X-Organization-ID", "o"),)),
        (Caller("ticket", "u"), (("X-User-ID", "u"),)),
    ],
)
def test_nobody_is_made_up(caller: Caller, told: tuple[tuple[str, str], ...]) -> None:
    """Without a verified user none is stated; an API key is no user, and unchecked it has no organisation either."""
    assert identity_headers(caller) == told


def test_context_says_who_calls_what_and_for_how_long() -> None:
    """Claims are bound to service, method, path and time."""
    found = claims(hand_off().signed(USER, "a", "POST", "/pools/a%2Fb"))
    identifier = found.pop("jti")
    assert found == {
        "iss": "cutover",
        "aud": "a",
        "scheme": "jwt",
        "sub": "u",
        "org": "o",
        "roles": ["admin", "member"],
        "htm": "POST",
        "path": "/pools/a%2Fb",
        "iat": int(NOW),
        "exp": int(NOW) + LIFETIME,
    }
    assert isinstance(identifier, str)


@pytest.mark.parametrize(
    ("caller", "told"),
    [
        (ANONYMOUS, {}),
        (Caller("api-key", "fp:1", "o"), {}),
        (KEY, {"sub": "fp:1", "org": "o"}),
        (Caller("jwt", "u"), {"sub": "u"}),
    ],
)
def test_context_names_nobody_unverified(caller: Caller, told: dict[str, str]) -> None:
    """An anonymous caller, and a key that only passes through, are stated by their scheme alone."""
    found = claims(hand_off().signed(caller, "a", "GET", "/"))
    assert {name: found[name] for name in ("sub", "org", "roles") if name in found} == told
    assert found["scheme"] == caller.scheme


def test_one_services_context_is_nothing_to_another() -> None:
    """Each service has a key of its own."""
    signed = hand_off().signed(USER, "a", "GET", "/")
    with pytest.raises(jwt.InvalidSignatureError):
        claims(signed, "b")


def test_no_two_contexts_are_equal() -> None:
    """Neither within one gateway, nor across two or a restart with the same key at the same moment."""
    gateways = [hand_off(), hand_off()]
    made = [claims(one.signed(USER, "a", "GET", "/"))["jti"] for one in gateways for _ in range(3)]
    assert len(set(made)) == 6


def test_a_second_attempt_has_a_context_of_its_own() -> None:
    """Who calls what stays, time and number are new; everything else of the request is as it was."""
    moments = iter((10.0, 40.0))
    one = HandOff("key", MASTER, lambda: next(moments))
    path = '/a"\udcff'
    sent = Request("POST", path, (("a", "1"), *one.headers(USER, BOTH, "POST", path)), b"x", "9.9.9.9")
    again = one.renewed(sent)
    first, second = (claims(dict(request.headers)["Cutover-Context"]) for request in (sent, again))
    assert first.pop("jti") != second.pop("jti")
    assert (second.pop("iat"), second.pop("exp")) == (40, 40 + LIFETIME)
    assert second == {name: value for name, value in first.items() if name not in {"iat", "exp"}}
    assert again.headers[:-1] == sent.headers[:-1]
    assert (again.method, again.target, again.body, again.client) == ("POST", path, b"x", "9.9.9.9")


def test_time_goes_on() -> None:
    """A later context expires later."""
    moments = iter((10.0, 10.9, 11.0, 5.0))
    one = HandOff("key", MASTER, lambda: next(moments))
    issued = [claims(one.signed(USER, "a", "GET", "/"))["iat"] for _ in range(4)]
    assert issued == [10, 10, 11, 5]


def test_header_names_its_type() -> None:
    """The type is its own, so that no other token passes for a context."""
    head = hand_off().signed(USER, "a", "GET", "/").partition(".")[0]
    assert json.loads(urlsafe_b64decode(head + "==")) == {"alg": "HS256", "typ": "cutover-context+jwt"}


@settings(deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.lists(st.text(max_size=10), max_size=3), st.text(max_size=40))
def test_any_text_survives_signing(subject: str, organisation: str, roles: list[str], path: str) -> None:
    """Quotes, line ends and surrogates in claims or path neither break out of the JSON nor change."""
    found = claims(hand_off().signed(Caller("jwt", subject, organisation, tuple(roles)), "a", "GET", path))
    assert (found.get("sub", ""), found.get("org", ""), found.get("roles", []), found["path"]) == (
        subject,
        organisation,
        roles,
        path,
    )


@pytest.mark.parametrize("given", ["abc", "0" * 128, "a-b_c.d:e/f+g=h@i"])
def test_sane_request_id_is_kept(given: str) -> None:
    """A short printable id of the client stays."""
    assert request_id((("x-request-id", given),)) == given


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, "ä", "a\tb", '"'])
def test_other_request_ids_are_replaced(given: str) -> None:
    """Anything else is replaced by a new UUID."""
    assert uuid.UUID(request_id((("X-Request-ID", given),)))
    assert uuid.UUID(request_id(()))


@given(st.binary(max_size=100), st.binary(max_size=200))
def test_seal_is_the_hmac_of_the_standard(key: bytes, message: bytes) -> None:
    """Whatever the key's length, both hashes together are the library's HMAC-SHA-256."""
    inner, outer = _keyed(key)
    inner.update(message)
    outer.update(inner.digest())
    assert outer.digest() == hmac.digest(key, message, "sha256")
