"""JSON as compared."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.normalise.json_value import DEPTH, NotJsonError, canonical, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a":1.0,"b":1e2,"c":1.5}', {"a": 1, "b": 100, "c": 1.5}),
        (b'{"a":1,"a":2}', {"a": {"(repeated)": [1, 2]}}),
        (b"[NaN,-Infinity]", [{"(not a number)": "NaN"}, {"(not a number)": "-Infinity"}]),
        (b"1e999", float("inf")),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
    ],
)
def test_meaning_is_kept(text: bytes, value: Any) -> None:
    """Numbers are read by value; repeated keys and NaN stay visible."""
    assert parse(text) == value


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * (DEPTH + 2) + b"]" * (DEPTH + 2), b"9" * 5000, b"nan"])
def test_what_cannot_be_walked_is_refused(text: bytes) -> None:
    """Broken, too deep or absurd documents raise one declared error."""
    with pytest.raises(NotJsonError):
        parse(text)


@given(VALUES)
def test_canonical_text_is_one_per_document(value: Any) -> None:
    """Parsing is idempotent: a document written and read again has the same canonical text."""
    once = parse(json.dumps(value).encode())
    assert canonical(parse(canonical(once).encode())) == canonical(once)
    assert canonical(parse(json.dumps(value, indent=2, ensure_ascii=True).encode())) == canonical(once)
