"""Rows."""

from __future__ import annotations

from datetime import datetime

from migrate.demo.platform.rows import ApiKey, User

MOMENT = datetime(2026, 1, 1)  # noqa: DTZ001 - the platform's timestamps have no zone


def test_an_api_key_shows_six_characters() -> None:
    """The prefix of a key is its first six characters and three dots."""
    assert ApiKey("1", "o", "name", "sk-abcdefgh", MOMENT).prefix == "sk-abc..."


def test_no_row_prints_a_secret() -> None:
    """Secrets stay out of `repr`."""
    user = User("1", "a@b.c", "password-digest", MOMENT, "TOTPSECRET")
    assert "password-digest" not in repr(user)
    assert "TOTPSECRET" not in repr(user)
