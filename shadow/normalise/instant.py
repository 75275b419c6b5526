"""A point in time, whatever its zone and spelling."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

_ISO = re.compile(r"\d{4}-?\d\d-?\d\d([Tt ].+)?")
_MILLISECONDS = 1e11
"""Beyond it (the year 5138) a number of seconds is one of milliseconds."""
_LATEST = 1e15


def instant(value: Any) -> tuple[bool, float] | None:
    """Whether the time names its zone, and seconds since the epoch, where a time without a zone is read as UTC.

    Numbers are seconds or milliseconds since the epoch, texts ISO 8601 or an HTTP date (RFC 9110 §5.6.7). None for
    anything else.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str):
        return _text(value.strip())
    if abs(value) > _LATEST or math.isnan(value):
        return None
    return True, value / 1000 if abs(value) > _MILLISECONDS else float(value)


def _text(text: str) -> tuple[bool, float] | None:
    try:
        found = datetime.fromisoformat(text.upper()) if _ISO.fullmatch(text) else parsedate_to_datetime(text)
        zoned = found.tzinfo is not None
        return zoned, (found if zoned else found.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
