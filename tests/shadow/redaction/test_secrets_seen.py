"""Secrets seen in one place of a pair are taken out of all others."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

from shadow.redaction.secrets_seen import Seen

SECRET = "pässword of mine/"


def test_every_spelling_is_scrubbed() -> None:
    """Raw, URL-encoded, JSON-escaped, base64 and hex forms go, in values and member names."""
    seen = Seen()
    seen.add(SECRET)
    forms = [
        SECRET,
        quote(SECRET, safe=""),
        quote(SECRET, safe="").replace("%20", "+"),
        json.dumps(SECRET)[1:-1],
        base64.b64encode(SECRET.encode()).decode().rstrip("="),
        SECRET.encode().hex(),
    ]
    text = json.dumps(seen.scrub([{f"a {form}": [f"{form} b"]} for form in forms]), ensure_ascii=False)
    assert not any(form in text for form in forms)
    assert text.count("[redacted]") == 2 * len(forms)


def test_what_is_no_text_stays() -> None:
    """Numbers, flags and nothing are left alone; so is everything when nothing is secret."""
    seen = Seen()
    assert seen.scrub({"a": "x"}) == {"a": "x"}
    seen.add("1234")
    assert seen.scrub([1234, True, None]) == [1234, True, None]


def test_ordinary_words_are_not_remembered() -> None:
    """Words too short or too common to tell from others are left out."""
    seen = Seen()
    seen.add("abc")
    seen.add("bearer")
    seen.add("prose", 12)
    assert seen.scrub("abc bearer prose") == "abc bearer prose"


def test_short_secrets_can_be_spared() -> None:
    """A caller may scrub longer secrets only."""
    seen = Seen()
    seen.add("name")
    assert seen.scrub("$.name", 8) == "$.name"


def test_memory_is_bounded() -> None:
    """A body full of secrets does not make redaction endless."""
    seen = Seen()
    for number in range(2_000):
        seen.add(f"secret-{number:04}")
    assert seen.scrub("secret-0001 secret-1999") == "[redacted] secret-1999"
