"""Own answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.api.page import JSON, Rendered, answered, as_json, whole
from gateway.core.exchange import Request, header

if TYPE_CHECKING:
    from gateway.answer import Answer

PAGE = Rendered.of(JSON, b"{}")


def ask(known: str | None = None) -> Answer:
    """The answer to a client that knows a tag."""
    return answered(PAGE, Request("GET", "/", (("If-None-Match", known),) if known else ()))


@pytest.mark.parametrize(
    ("known", "status"),
    [(None, 200), (PAGE.tag, 304), (f'"x", W/{PAGE.tag}', 304), ("*", 304), ('"x"', 200), (PAGE.tag.strip('"'), 200)],
)
def test_known_bytes_are_not_sent_again(known: str | None, status: int) -> None:
    """A tag the client has, weak or in a list, gives 304 without a body."""
    answer = ask(known)
    assert (answer.status, answer.body) == (status, b"{}" if status == 200 else b"")
    assert header(answer.headers, "etag") == PAGE.tag


def test_other_bytes_have_another_tag() -> None:
    """The tag is over the bytes."""
    assert Rendered.of(JSON, b"[]").tag != PAGE.tag == Rendered.of(JSON, b"{}").tag


@pytest.mark.parametrize("answer", [ask(), ask(PAGE.tag), whole(200, JSON, b"{}")])
def test_own_answers_are_guarded(answer: Answer) -> None:
    """No browser guesses a type, frames them, or runs what is in them."""
    assert header(answer.headers, "x-content-type-options") == "nosniff"
    assert "default-src 'none'" in (header(answer.headers, "content-security-policy") or "")
    assert header(answer.headers, "referrer-policy") == "no-referrer"


def test_what_stands_for_a_moment_is_not_kept() -> None:
    """Only what has a tag may be kept, and is asked about each time."""
    assert header(whole(200, JSON, b"").headers, "cache-control") == "no-store"
    assert header(ask().headers, "cache-control") == "no-cache"


def test_json_is_always_utf8() -> None:
    """A lone surrogate from somebody's document does not end the answer."""
    assert as_json({"a": "\ud800é"}) == '{"a":"\\ud800é"}'.encode()
