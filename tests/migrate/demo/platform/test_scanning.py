"""The guardrail's scan."""

from __future__ import annotations

from migrate.demo.platform.scanning import scan


def test_a_banned_word_is_a_violation() -> None:
    """The word is named, whatever its case."""
    result = scan("This is FORBIDDEN.", ["forbidden"])
    assert not result["is_valid"]
    assert result["violations"][0]["detected_content"] == "forbidden"


def test_an_address_is_masked_when_asked() -> None:
    """E-mail addresses disappear from the text, which stays valid."""
    result = scan("write to a.b@c.example now", pii_entities=["EMAIL_ADDRESS"])
    assert (result["is_valid"], result["sanitized_text"]) == (True, "write to [REDACTED_EMAIL] now")
    assert scan("a@b.example")["sanitized_text"] == "a@b.example"
