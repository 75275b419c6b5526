"""What lies beneath a difference: what is not looked at where it stands, and what its values are."""

from __future__ import annotations

import json
import re

from gateway.core.observation import DifferenceKind

_ONE_SIDED = frozenset({DifferenceKind.MISSING, DifferenceKind.EXTRA, DifferenceKind.TYPE})
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?")
_LOOKS = {
    type(None): "null", bool: "boolean", int: "number", float: "number", list: "list", dict: "object",
}  # fmt: skip
_FORMS = {
    "content": "nothing inside these bodies: they are not of one content type",
    "digest": "nothing inside these bodies: only their digests are compared",
    "text": "nothing inside these texts: they are compared as a whole",
}


def uncompared(location: str, pattern: str, kind: str) -> str:
    """What is not compared where this difference stands, so that a rule on it hides that too; empty for nothing."""
    if location == "status":
        legacy, _, gateway = pattern.partition("→")
        if legacy[:1] != gateway[:1]:
            return (
                "headers, cookies and bodies of these answers: they are of different kinds, which are other answers"
            )
        return ""
    if location not in {"body", "upstream.body"}:
        return ""
    if pattern in _FORMS:
        return _FORMS[pattern]
    if kind in _ONE_SIDED:
        return f"everything beneath {pattern or 'the body'}: one side does not have it"
    return ""


def is_beneath(pattern: str, above: str) -> bool:
    """Whether a place lies within another one: `$.a.b` and `$.a[*]` within `$.a`, and all of a body within it."""
    if pattern == above:
        return False
    return not above or (pattern.startswith(above) and pattern[len(above)] in ".[")


def look(value: str) -> str:
    """What kind of value a redacted text is: nothing, number, text, time, uuid, secret, object and so on."""
    if not value:
        return "nothing"
    if "fp:" in value or value.startswith(("[dropped", "[masked", "[redacted")):
        return "secret"
    try:
        found = json.loads(value)
    except ValueError:
        found = value
    return _text(found) if isinstance(found, str) else _LOOKS[type(found)]


def _text(value: str) -> str:
    if _UUID.fullmatch(value):
        return "uuid"
    return "time" if _TIME.fullmatch(value) else "text"
