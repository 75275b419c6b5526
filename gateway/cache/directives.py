"""Cache-Control (RFC 9111 §5.2) and dates. Pure."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.core.exchange import header, header_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.exchange import Headers

_FOREVER = 2**31


def directives(headers: Headers) -> Mapping[str, str]:
    """The directives by name in lower case, with their argument or nothing; the first of two of one name counts.

    Where only HTTP/1.0's `Pragma: no-cache` stands, it counts as `Cache-Control: no-cache` (§5.4).
    """
    values = header_values(headers, "cache-control")
    if not values:
        return {"no-cache": ""} if "no-cache" in (header(headers, "pragma") or "").lower() else {}
    return _parsed(", ".join(values))


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for item in _items(text):
        name, _, argument = item.partition("=")
        found.setdefault(name.strip().lower(), argument.strip().strip('"'))
    found.pop("", None)
    return found


def _items(text: str) -> list[str]:
    # A comma inside quotes belongs to a list of field names, as in no-cache="set-cookie, age".
    items, quoted = [""], False
    for char in text:
        if char == '"':
            quoted = not quoted
        if char == "," and not quoted:
            items.append("")
        else:
            items[-1] += char
    return items


def seconds(found: Mapping[str, str], name: str) -> int | None:
    """The delta-seconds of a directive, None when absent; what is no number means stale (§1.2.2, §4.2.1)."""
    if name not in found:
        return None
    text = found[name]
    return min(int(text), _FOREVER) if text.isdecimal() and text.isascii() else 0


def moment(headers: Headers, name: str) -> float | None:
    """The time a date header names in seconds since the epoch; None when absent or unreadable."""
    text = header(headers, name)
    if text is None:
        return None
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, OverflowError):
        return None
