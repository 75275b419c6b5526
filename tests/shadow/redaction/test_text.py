"""Secrets found by their look."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.redaction.text import clean, is_fingerprint

KEY = b"k" * 32
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl"

SECRET = [
    JWT,
    f"Bearer {JWT}",
    "sk-sample0000000000000000000000000000",
    "sk-short1",
    "AKIAABCDEFGHIJKLMNOP",
    "nos_abcdef123456",
    "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U",
    "Qm7xWbKd93TzLr_u0PvaNcE5sYhGfJ2oUi8tRkM4wXe",
    "person@example.org",
    "person%40example.org",
    "person%2540example.org",
    "person\\u0040example.org",
    "otpauth://totp/x?secret=ABC",
    "data:image/png;base64,iVBORw0KGgo=",
    "password=hunter2",
    '"password": "two words"',
    "api_key: plainvalue",
    "Basic dXNlcjpwYXNz",
    base64.b64encode(b"mail: person@example.org").decode(),
    base64.urlsafe_b64encode(b"key=sk-sample00000000??>>").decode(),
]
HARMLESS = [
    "",
    "Permission denied: member:list required",
    "33333333-3333-4333-8333-333333333331",
    "http://localhost:3001/deployments",
    "/management/deployments/recent-logs/of-everything",
    "Bearer authentication.",
    "token_type: bearer",
    "sk-leg...",
    "risk-assessment-of-a-thing",
    "duplicate key value violates unique constraint",
    "application/vnd.cutover.dry-run+json",
    "2026-11-22T19:12:48.075483",
    "token=null",
    "UNIQUE_CONSTRAINT_VIOLATION_ON_POOLS",
    "secret=fp:0123456789abcdef",
    "50%",
]


@pytest.mark.parametrize("text", SECRET)
def test_secrets_are_seen(text: str) -> None:
    """Each kind of secret is taken out of the text around it, and told."""
    told: list[str] = []
    cleaned = clean(f"before {text} after", KEY, told.append)
    assert text not in cleaned
    assert cleaned.startswith("before ")
    assert cleaned.endswith(" after")
    assert told


@pytest.mark.parametrize("text", HARMLESS)
def test_ordinary_text_stays(text: str) -> None:
    """Ids, paths, errors and prose are not taken for secrets."""
    assert clean(text, KEY) == text


def test_the_same_secret_has_the_same_fingerprint() -> None:
    """Two places with one token can be told to hold the same."""
    assert clean(JWT, KEY) == clean(f"{JWT}", KEY)
    assert is_fingerprint(clean(JWT, KEY))
    assert not is_fingerprint("fp:")


@given(st.text(max_size=80))
def test_any_text_is_survived_and_settled(text: str) -> None:
    """No text raises, and cleaning what is clean changes nothing more."""
    once = clean(text, KEY)
    assert clean(once, KEY) == clean(clean(once, KEY), KEY)


@given(st.text(alphabet="abcdef ", max_size=20), st.sampled_from([secret for secret in SECRET if " " not in secret]))
def test_secrets_are_seen_anywhere(around: str, secret: str) -> None:
    """What stands around a secret does not hide it."""
    assert secret not in clean(f"{around} {secret} {around}", KEY)
