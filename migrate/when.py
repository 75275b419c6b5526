"""A moment as a command's option names it: so long ago, a day, or a time."""

from __future__ import annotations

from datetime import UTC, datetime

from gateway.config.problem import Wrong
from gateway.config.scalars import duration
from gateway.core.errors import UsageError

_DAY = 86_400.0


def when(option: str, text: str, now: float) -> float | None:
    """Epoch seconds of `2h` (so long before `now`), `7d`, `2030-01-31` or `2030-01-31T10:00`; None without a text.

    A time that names no zone is UTC, as the reports print them.

    Raises:
        UsageError: the text, given to this option, is neither.
    """
    if not text:
        return None
    try:
        return now - _ago(text)
    except Wrong:
        pass
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise UsageError(
            f"{option} {text}: write how long ago, such as 30m, 2h or 7d, or a time (UTC) such as 2030-01-31T10:00"
        ) from None


def _ago(text: str) -> float:
    days = text.removesuffix("d")
    if days != text and days.isdecimal() and len(days) <= len("99999"):
        return int(days) * _DAY
    return duration(text)
