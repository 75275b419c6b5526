"""JSON values without their secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from shadow.redaction.names import Treatment
from shadow.redaction.secrets_seen import Seen
from shadow.redaction.tree import MOST_VALUES, TooLargeError, Tree, compact
from tests.shadow.normalise.test_json_value import VALUES

KEY = b"k" * 32


def redact(value: Any, how: Treatment = Treatment.KEEP) -> Any:
    """The value redacted by a fresh tree."""
    return Tree(KEY, Seen()).redact(value, how)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"password": "x", "n": 1, "t": True, "z": None}, {"password": "[dropped]", "n": 1, "t": True, "z": None}),
        ({"password": {"old": ["x"], "n": 5}}, {"password": {"old": ["[dropped]"], "n": "[dropped]"}}),
        ({"totp_code": 402817}, {"totp_code": "[dropped]"}),
        (
            {"messages": [{"role": "user", "content": "Hello"}]},
            {"messages": [{"role": "user", "content": "[masked 5 chars]"}]},
        ),
        ({"totp_enabled": False, "total_tokens": 7}, {"totp_enabled": False, "total_tokens": 7}),
        ({"access_token": ""}, {"access_token": ""}),
        (
            {"detail": 'Provider error: {"content":"Hello"}'},
            {"detail": 'Provider error: {"content":"[masked 5 chars]"}'},
        ),
        ({"detail": "broken {json}"}, {"detail": "broken {json}"}),
        ("[DONE]", "[DONE]"),
    ],
)
def test_by_name(value: Any, expected: Any) -> None:
    """Secrets go by the names they stand under, at any depth, and inside JSON within texts."""
    assert redact(value) == expected


def test_tokens_become_fingerprints() -> None:
    """A token becomes a fingerprint, and a fingerprint stays what it is."""
    once = redact({"access_token": "abc"})["access_token"]
    assert once.startswith("fp:")
    assert redact({"access_token": once}) == {"access_token": once}


def test_member_names_are_cleaned() -> None:
    """A secret used as a member's name goes too."""
    assert list(redact({"sk-123456789": 1})) != ["sk-123456789"]


def test_too_many_values_are_refused() -> None:
    """More values than are looked through raise, so that the caller stores a digest."""
    with pytest.raises(TooLargeError):
        redact([1] * (MOST_VALUES + 1))


def test_long_texts_are_cut() -> None:
    """A long text is cut and says by how much; a secret at its end is not lost sight of before that."""
    assert redact("word " * 300).endswith("… [500 more chars]")
    assert redact("word " * 3000).endswith("… [14000 more chars]")


@given(VALUES)
def test_any_value_is_survived(value: Any) -> None:
    """No value raises, and what comes out is JSON."""
    json.loads(compact(redact(value)))
