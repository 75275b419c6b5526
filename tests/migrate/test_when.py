from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.core.errors import UsageError
from migrate.when import when

NOW = datetime(2030, 1, 31, 12, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "seconds_ago"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("2h", 7200),
        ("7d", 7 * 86_400),
        ("0d", 0),
        ("2030-01-31", 12 * 3600),
        ("2030-01-31T10:00", 7200),
        ("2030-01-31 10:00:00", 7200),
        ("2030-01-31T10:00:00Z", 7200),
        ("2030-01-31T10:00:00+01:00", 10_800),
    ],
)
def test_a_moment_is_said_by_distance_or_by_name(text: str, seconds_ago: float) -> None:
    """Durations count back from now; days begin at midnight UTC; a time without a zone is UTC."""
    assert when("--since", text, NOW) == NOW - seconds_ago


def test_nothing_said_is_no_moment() -> None:
    """Without a text there is no bound."""
    assert when("--since", "", NOW) is None


@pytest.mark.parametrize("text", ["yesterday", "2h ago", "-2h", "7", "2030-13-01", "0h", "1_0d", "999999d", "٣d x"])
def test_what_is_neither_is_refused_with_the_option_named(text: str) -> None:
    """One line says what to write."""
    with pytest.raises(UsageError, match=r"--until .*: write how long ago, such as 30m, 2h or 7d"):
        when("--until", text, NOW)
