from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.authorise.roles import LONGEST, MOST_HELD, MOST_ROLES, GarbageError, read_roles

GOOD = {"name": "member", "permissions": ["a:b"], "description": "x"}


def test_roles_are_read_with_what_they_hold() -> None:
    """Other members are of no matter, and neither is an empty list."""
    document = [GOOD, {"name": "idle", "permissions": []}]
    assert read_roles(json.dumps(document).encode()) == [("member", ("a:b",)), ("idle", ())]
    assert read_roles(b"[]") == []


def test_a_wildcard_of_the_platform_is_no_wildcard() -> None:
    """Only the file speaks in wildcards; a platform that names one so grants nothing by it."""
    assert read_roles(b'[{"name":"m","permissions":["*","a:*","a:b"]}]') == [("m", ("a:b",))]


@pytest.mark.parametrize(
    "document",
    [
        None,
        {},
        "x",
        [None],
        [[]],
        ["member"],
        [{}],
        [{"name": "m"}],
        [{"permissions": []}],
        [{**GOOD, "name": ""}],
        [{**GOOD, "name": 1}],
        [{**GOOD, "name": "x" * (LONGEST + 1)}],
        [{**GOOD, "name": "a\nb"}],
        [{**GOOD, "permissions": "a:b"}],
        [{**GOOD, "permissions": {"a:b": True}}],
        [{**GOOD, "permissions": [1]}],
        [{**GOOD, "permissions": [""]}],
        [{**GOOD, "permissions": ["x"] * (MOST_HELD + 1)}],
        [GOOD] * (MOST_ROLES + 1),
    ],
    ids=lambda document: json.dumps(document)[:40],
)
def test_anything_else_is_refused(document: Any) -> None:
    """Half a document would lock people out, a wrong one let them in."""
    with pytest.raises(GarbageError):
        read_roles(json.dumps(document).encode())


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b"[" * 100_000, b"\xff"])
def test_what_is_no_json_is_refused(body: bytes) -> None:
    """However it is broken."""
    with pytest.raises(GarbageError):
        read_roles(body)


@given(st.binary(max_size=60))
def test_no_body_breaks_the_reader(body: bytes) -> None:
    """It reads or refuses."""
    with contextlib.suppress(GarbageError):
        read_roles(body)
