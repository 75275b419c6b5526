"""What the platform says its roles hold: read strictly, since a wrong document would let in or lock out."""

from __future__ import annotations

import json
from typing import Any

MOST_ROLES = 2000
MOST_HELD = 2000
LONGEST = 128


class GarbageError(ValueError):
    """The document does not say what roles hold."""


def read_roles(body: bytes) -> list[tuple[str, tuple[str, ...]]]:
    """Roles with their permissions, from a JSON list of objects with `name` and `permissions`; may be empty.

    Raises:
        GarbageError: it is anything else, or too much.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise GarbageError("no JSON") from None
    if not isinstance(document, list) or len(document) > MOST_ROLES:
        raise GarbageError("no list of roles")
    return [_role(item) for item in document]


def _role(item: Any) -> tuple[str, tuple[str, ...]]:
    if not isinstance(item, dict):
        raise GarbageError("a role that is no object")
    name: Any = item.get("name")
    held: Any = item.get("permissions")
    if not _is_word(name) or not isinstance(held, list) or len(held) > MOST_HELD or not all(map(_is_word, held)):
        raise GarbageError("a role without name or permissions")
    # Wildcards are the file's language; from the platform they would be names that nobody meant so.
    return name, tuple(permission for permission in held if "*" not in permission)


def _is_word(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST and value.isprintable()
