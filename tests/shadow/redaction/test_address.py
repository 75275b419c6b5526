"""Targets and URLs without their secrets."""

from __future__ import annotations

import pytest

from shadow.redaction import address
from shadow.redaction.secrets_seen import Seen
from shadow.redaction.tree import Tree

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1In0.c2lnbmF0dXJl"


def target(text: str) -> str:
    """The target as it is stored."""
    return address.target(text, Tree(b"k" * 32, Seen()))


@pytest.mark.parametrize(
    "text",
    [
        "/items?a=%2B1&b&c=",
        "/a%2Fb/%zz",
        "http://h:1/x?start_time=2026-11-22T00:00:00%2B00:00#top",
        "",
        "*",
        "?",
        "/x?a=1&&",
    ],
)
def test_what_is_harmless_stays_raw(text: str) -> None:
    """Escapes, empty pairs and fragments are stored as they stood on the wire."""
    assert target(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/x?token=short", "/x?token=fp:"),
        ("/x?a=1&password=p%20w", "/x?a=1&password=[dropped]"),
        ("/x?next=member%40example.com", "/x?next=[email fp:"),
        (f"/x/{JWT}/y", "/x/fp:"),
        (f"http://h/#access_token={JWT}", "http://h/#access_token=fp:"),
        ("/x?sk-123456789", "/x?fp:"),
        ("/invite/Qm7xWbKd93TzLr_u0PvaNcE5sYhGfJ2oUi8tRkM4wXe", "/invite/fp:"),
    ],
)
def test_secrets_go(text: str, expected: str) -> None:
    """Values go by their parameter's name or their look, in path, query and fragment."""
    assert target(text).startswith(expected)
