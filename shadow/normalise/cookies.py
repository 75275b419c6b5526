"""Set-Cookie headers as cookies with their attributes (RFC 6265 §5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from gateway.core.exchange import header, header_values

if TYPE_CHECKING:
    from gateway.core.exchange import Headers

SCOPE = frozenset({"domain", "path", "secure", "httponly", "samesite", "partitioned"})
"""Attributes that say where a cookie goes and who may read it."""


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie: `attributes` by lower-case name; flags hold an empty text, lifetimes are seconds as text."""

    name: str
    value: str
    attributes: dict[str, str]


def cookies(headers: Headers) -> list[Cookie]:
    """The cookies an answer sets, in order."""
    return [_cookie(text, header(headers, "date") or "") for text in header_values(headers, "set-cookie")]


def _cookie(text: str, date: str) -> Cookie:
    first, *rest = text.split(";")
    name, _, value = first.partition("=")
    attributes = {}
    for item in rest:
        key, _, content = item.strip().partition("=")
        key, content = key.strip().lower(), content.strip()
        attributes[key] = _lifetime(content, date) if key == "expires" else _plain(key, content)
    return Cookie(name.strip(), value.strip(), attributes)


def _plain(key: str, content: str) -> str:
    return content.lower().lstrip(".") if key in {"domain", "samesite"} else content


def _lifetime(expires: str, date: str) -> str:
    """Seconds from the answer's own date to the expiry, so that two answers made apart in time compare equal."""
    try:
        return str(round((parsedate_to_datetime(expires) - parsedate_to_datetime(date)).total_seconds()))
    except (ValueError, TypeError):
        return expires
