"""Paths into JSON documents: `$.items[id=42].name`, `$[0].x`, `$."odd key"`.

Brackets hold what differs between like differences (positions, identity values, generated keys), so that blanking
them gives the pattern a signature is made of.
"""

from __future__ import annotations

import json
import re

ROOT = "$"
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_GENERATED = re.compile(r"[0-9]+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{20,}|[0-9a-fA-F]{16,}")
_LONGEST = 80


def member(path: str, key: str) -> str:
    """The path of an object member; keys that look like ids stand in brackets, odd ones are quoted."""
    if _PLAIN.fullmatch(key):
        return f"{path}.{key}"
    if _GENERATED.fullmatch(key):
        return f"{path}[{key}]"
    return f"{path}.{_quoted(key)}"


def position(path: str, index: int) -> str:
    """The path of a list item by its position."""
    return f"{path}[{index}]"


def identified(path: str, name: str, value: object) -> str:
    """The path of a list item by the member that tells items apart."""
    text = str(value)
    return f"{path}[{name}={text if _readable(text) else _quoted(text)}]"


def _readable(text: str) -> bool:
    return len(text) <= _LONGEST and text.isprintable() and not any(char in text for char in '[]"')


def _quoted(text: str) -> str:
    if len(text) > _LONGEST:
        text = text[: _LONGEST - 1] + "…"
    return json.dumps(text).replace("[", "\\u005b").replace("]", "\\u005d")
