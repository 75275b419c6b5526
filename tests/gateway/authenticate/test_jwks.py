"""Key set documents."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from gateway.authenticate.jwks import DOCUMENT_LIMIT, read_key_set
from tests.apps.issuer import document, ec_key, jwk, rsa_key

GOOD = jwk(ec_key(), kid="good")


def test_keys_are_found_by_algorithm_and_name() -> None:
    """A token's algorithm and key id find the key, and no other algorithm finds it."""
    found = read_key_set(document(jwk(rsa_key(), kid="r"), jwk(ec_key(), kid="e")))
    assert found.find("RS256", "r") is not None
    assert found.find("ES256", "e") is not None
    assert found.find("ES256", "r") is None
    assert found.find("RS256", "e") is None
    assert found.find("HS256", "r") is None
    assert found.find("RS256", "") is None


def test_a_token_without_a_name_takes_the_only_key() -> None:
    """With two keys for its algorithm nobody can say which is meant."""
    assert read_key_set(document(jwk(rsa_key(), kid="r"), GOOD)).find("RS256", None) is not None
    two = read_key_set(document(jwk(ec_key("2"), kid="other"), GOOD))
    assert two.find("ES256", None) is None


def test_a_key_needs_no_name_and_no_algorithm() -> None:
    """Its type decides which algorithm it verifies."""
    found = read_key_set(document(jwk(rsa_key(), alg=None, use=None)))
    assert found.find("RS256", None) is not None
    assert found.find("RS256", "") is not None


@pytest.mark.parametrize(
    "entry",
    [
        {"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA", "alg": "HS256"},
        jwk(rsa_key(), use="enc"),
        jwk(rsa_key(), key_ops=["encrypt"]),
        jwk(rsa_key(), key_ops="verify"),
        jwk(rsa_key(), alg="RS512"),
        jwk(rsa_key(), alg="PS256"),
        jwk(rsa_key(), alg="HS256"),
        jwk(rsa_key(), alg="none"),
        jwk(rsa_key(), d="AQAB"),
        jwk(rsa_key(), n="AQAB"),
        jwk(rsa_key(), e=None),
        jwk(rsa_key(), n=7),
        jwk(rsa_key(), kid=7),
        jwk(rsa_key(bits=1024)),
        jwk(ec_key(curve=ec.SECP384R1), alg="ES256"),
        jwk(ec_key(), crv="P-384"),
        jwk(ec_key(), x="AA"),
        jwk(ec_key(), kty="OKP"),
        jwk(ec_key(), kty=["EC"]),
        "key",
        None,
    ],
)
def test_what_may_not_verify_is_left_out(entry: Any) -> None:
    """Symmetric, private, weak and foreign keys, and those for another use: the rest of the set still serves."""
    assert list(read_key_set(document(GOOD, entry)).keys) == [("ES256", "good")]
    with pytest.raises(ValueError, match="no key that can be used"):
        read_key_set(document(entry))


def test_a_key_for_verifying_says_so() -> None:
    """key_ops with verify among them is respected."""
    assert read_key_set(document(jwk(rsa_key(), key_ops=["verify", "sign"], use=None))).keys


def test_one_name_for_two_keys_is_no_name() -> None:
    """Neither of them is taken."""
    keys = read_key_set(document(jwk(ec_key("2"), kid="x"), jwk(ec_key("3"), kid="x"), GOOD)).keys
    assert list(keys) == [("ES256", "good")]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"keys": {}}',
        b'{"keys": []}',
        b"[" * 100_000,
        b"\xff",
        document(*[GOOD] * 65),
        b" " * (DOCUMENT_LIMIT + 1),
    ],
)
def test_garbage_is_refused(text: bytes) -> None:
    """What is no key set, or larger than any, says nothing."""
    with pytest.raises(ValueError, match=r".+"):
        read_key_set(text)


def test_material_tells_a_key_that_is_gone() -> None:
    """The same name with another key is another key."""
    before = read_key_set(document(GOOD, jwk(rsa_key(), kid="r"))).material
    assert not before - read_key_set(document(jwk(rsa_key(), kid="r"), GOOD, jwk(ec_key("2"), kid="n"))).material
    assert before - read_key_set(document(GOOD)).material
    assert before - read_key_set(document(jwk(ec_key("2"), kid="good"), jwk(rsa_key(), kid="r"))).material


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.sampled_from([*GOOD, "d"]), children),
    max_leaves=8,
)


@hypothesis_settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*GOOD, "n", "e", "d", "key_ops"]), JSON))
def test_no_entry_breaks_the_set(changes: dict[str, Any]) -> None:
    """Whatever one entry holds, the other key is found."""
    entry = {**jwk(ec_key("2"), kid="other"), **changes}
    if entry["kid"] != "good":
        assert read_key_set(document(GOOD, entry)).find("ES256", "good") is not None
