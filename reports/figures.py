"""How numbers and moments are written, the same in every report."""

from __future__ import annotations

import math
from datetime import UTC, datetime

PAST_THE_SHADOW = (
    "Calls that go past the shadow straight to a service's port are seen by nobody and are not in these numbers."
)
"""What every report says once of its own numbers."""
_GROUP = "\N{NO-BREAK SPACE}"
_SMALL = 1e-3
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def count(number: int, noun: str = "", plural: str = "") -> str:
    """`4 211 pairs`: thin groups of three, and the noun in its number."""
    text = f"{number:,}".replace(",", _GROUP)
    return f"{text} {noun if number == 1 else plural or noun + 's'}" if noun else text


def percent(share: float, digits: int = 1) -> str:
    """A share of 0 to 1 in percent, cut and not rounded up, so that 99.97 never reads as 100."""
    scaled = math.floor(share * 100 * 10**digits + 1e-6) / 10**digits
    return f"{scaled:.{digits}f} %"


def target(share: float) -> str:
    """A rate that somebody chose, as exact as it was chosen."""
    return f"{share * 100:.8g} %"


def rate(share: float) -> str:
    """A match rate, with as many digits as its nearness to one needs."""
    if share >= 1:
        return "100 %"
    return percent(share, 1 if share < 0.99 else 2 if share < 0.999 else 3)  # noqa: PLR2004 - one digit per nine


def seconds(value: float) -> str:
    """A duration in the unit a person would choose."""
    if value < _SMALL:
        return f"{value * 1e6:.0f} µs"
    if value < 1:
        return f"{value * 1e3:.3g} ms"
    return f"{value:.3g} s"


def ago(then: float, now: float) -> str:
    """How long ago, roughly: `3 h ago`."""
    past = max(0.0, now - then)
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if past >= unit:
            return f"{past / unit:.0f} {name} ago"
    return f"{past:.0f} s ago"


WEAKER = (
    "Dry runs that cutover exercise made, where no caller asked: weaker evidence, in no match rate."
    " They show that the request would reach the service unchanged, and nothing of its answer."
)


def moment(at: float) -> str:
    """A point in time in UTC, to the second; empty for never."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%SZ") if at else ""


def plain(text: str, limit: int | None = None) -> str:
    """Recorded text made safe to print: controls, direction marks and broken characters are shown as escapes."""
    cut = text if limit is None or len(text) <= limit else text[: limit - 1] + "…"
    return "".join(
        char if char.isprintable() or char == _GROUP else char.encode("unicode_escape").decode() for char in cut
    )
