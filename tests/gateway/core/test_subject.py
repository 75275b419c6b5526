from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.exchange import Request
from gateway.core.subject import Subject, fingerprint, subject_of

KEY = b"k" * 32


def token(claims: object) -> str:
    """An unsigned token with these claims."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.sig"


def of(authorization: str | None) -> Subject:
    """The subject of a request with this header, from 10.0.0.1."""
    headers = (("authorization", authorization),) if authorization is not None else ()
    return subject_of(Request("GET", "/", headers, client="10.0.0.1"), KEY)


def test_a_token_names_user_and_organisation() -> None:
    """`sub` and `org_id` are read without checking the signature; the scheme's case does not count."""
    assert of(f"bearer {token({'sub': 'u1', 'org_id': 'o1'})}") == Subject("u1", "o1")
    assert of(f"Bearer {token({'sub': 'u1', 'org_id': None})}") == Subject("u1", "")


def test_an_api_key_is_known_by_its_fingerprint_only() -> None:
    """The key itself is nowhere in the subject."""
    subject = of("Bearer sk-secret-value")
    assert subject == Subject(fingerprint(KEY, "sk-secret-value"))
    assert "secret" not in subject.key


def test_without_credential_the_address_stands() -> None:
    """An anonymous caller is bucketed by where it calls from."""
    for header in (None, "", "Bearer", "Bearer ", "Basic dTpw"):
        assert of(header) == Subject("10.0.0.1")


@pytest.mark.parametrize(
    "credential", [token([1]), token({"sub": 7}), token({}), "a.b.c", "a.!!.c", "a.b", f"e30.{'W' * 30000}.s"]
)
def test_a_token_without_a_usable_subject_is_a_key(credential: str) -> None:
    """Whatever cannot be read is fingerprinted whole."""
    assert of(f"Bearer {credential}") == Subject(fingerprint(KEY, credential))


@given(st.text())
def test_no_header_breaks_it(text: str) -> None:
    """Every Authorization header has a subject."""
    assert of(text).key


def test_fingerprints_depend_on_the_key_and_say_nothing_of_the_secret() -> None:
    """Equal secrets are equal under one key; lengths are equal always."""
    assert fingerprint(KEY, "a") == fingerprint(KEY, "a") != fingerprint(b"z" * 32, "a")
    assert len(fingerprint(KEY, "a")) == len(fingerprint(KEY, "a" * 500)) == 19


def test_a_broken_claim_can_be_hashed_and_stored() -> None:
    """A lone surrogate in an unverified token becomes an escape, since nothing could encode it."""
    assert of(f"Bearer {token({'sub': 'a' + chr(0xD800), 'org_id': chr(0xDFFF)})}") == Subject("a\\ud800", "\\udfff")


@pytest.mark.parametrize("claim", ["jane.doe@example.com", "x" * 129])
def test_key_of_a_subject_may_be_stored(claim: str) -> None:
    """An e-mail address, or a claim of any length, is bucketed by its fingerprint and keeps its name."""
    subject = of(f"Bearer {token({'sub': claim, 'org_id': 'o1'})}")
    assert subject == Subject(fingerprint(KEY, claim), "o1")
    assert subject.name == claim
    assert claim not in repr(subject)
    assert of(f"Bearer {token({'sub': 'u1'})}").name == "u1"
