"""JSON as compared: numbers by value, duplicate keys and NaN kept visible, hostile input refused."""

from __future__ import annotations

import json
from typing import Any

DEPTH = 128
"""Deepest nesting that is compared as JSON; what is deeper is compared as bytes."""
_EXACT = 2.0**53
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
REPEATED = "(repeated)"
NOT_A_NUMBER = "(not a number)"


class NotJsonError(ValueError):
    """The bytes are no JSON document that can be walked."""


def parse(data: bytes) -> Any:
    """The document; a key given twice holds `{"(repeated)": [values]}`, NaN is `{"(not a number)": "NaN"}`.

    Raises:
        NotJsonError: broken syntax or UTF-8, or nested deeper than `DEPTH`.
    """
    try:
        value = json.loads(data, object_pairs_hook=_object, parse_float=_number, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise NotJsonError(str(error)[:80]) from error
    if _deeper_than(value, DEPTH):
        raise NotJsonError(f"nested deeper than {DEPTH}")
    return value


def canonical(value: Any) -> str:
    """One text per document: keys sorted, no spaces."""
    return _CANONICAL(value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: dict[str, list[Any]] = {}
    for key, value in pairs:
        seen.setdefault(key, []).append(value)
    return {key: values[0] if len(values) == 1 else {REPEATED: values} for key, values in seen.items()}


def _number(text: str) -> float:
    # 1.0, 1.00 and 1e0 are spellings of 1: every reader of JSON that has one number type takes them so.
    value = float(text)
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def _constant(name: str) -> dict[str, str]:
    return {NOT_A_NUMBER: name}


def _deeper_than(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True
