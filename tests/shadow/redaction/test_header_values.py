"""Header values as they are stored."""

from __future__ import annotations

import pytest

from shadow.redaction import header_values
from shadow.redaction.secrets_seen import Seen
from shadow.redaction.tree import Tree


def value(name: str, text: str, *, request: bool = True) -> str:
    """One value redacted."""
    return header_values.value_of(name, text, Tree(b"k" * 32, Seen()), request=request)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("Authorization", "Bearer abc", "fp:"),
        ("X-Odd", "hunter2", "fp:"),
        ("X-Api-Key", "k", "fp:"),
        ("Cookie", "a=1; b=2", "a=fp:"),
        ("Cookie", "naked", "fp:"),
        ("Set-Cookie", "s=secret; Path=/; HttpOnly", "s=fp:"),
        ("Referer", "http://page/?token=abc", "http://page/?token=fp:"),
        ("Sec-WebSocket-Protocol", "token.abc", "fp:"),
    ],
)
def test_secret_headers(name: str, text: str, expected: str) -> None:
    """Credentials, cookies and headers nobody knows are fingerprints; addresses keep what is harmless."""
    shown = value(name, text)
    assert shown.startswith(expected)
    assert text not in shown


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Accept", "application/json"),
        ("ETag", 'W/"76-ZiesS3enpTjUMXc6HEHtJ/dBkMg"'),
        ("Access-Control-Allow-Credentials", "true"),
        ("WWW-Authenticate", "Bearer"),
        ("X-Forwarded-For", "10.0.0.7"),
        ("Location", "/items?a=%2B"),
    ],
)
def test_known_headers(name: str, text: str) -> None:
    """Headers that carry no secret are stored as they are."""
    assert value(name, text) == text


def test_answers_may_carry_headers_nobody_knows() -> None:
    """A service's own header is shown, unless it looks like a secret."""
    assert value("X-Multi", "a", request=False) == "a"
    assert value("X-Multi", "sk-123456789", request=False).startswith("fp:")


def test_attributes_of_cookies_stay() -> None:
    """Only the value of a cookie is secret."""
    assert value("set-cookie", "s=abc; Path=/; HttpOnly").endswith("; Path=/; HttpOnly")


def test_a_secret_is_no_name() -> None:
    """A key that somebody sends as a header's name goes too."""
    shown = header_values.redacted((("sk-123456789", "1"),), Tree(b"k" * 32, Seen()), request=True)
    assert shown[0][0].startswith("fp:")


def test_all_headers_stay_in_order() -> None:
    """Names, duplicates and order are stored as they were."""
    tree = Tree(b"k" * 32, Seen())
    shown = header_values.redacted((("B", "1"), ("A", "2"), ("B", "3")), tree, request=False)
    assert shown == [["B", "1"], ["A", "2"], ["B", "3"]]
