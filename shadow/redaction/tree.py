"""A JSON value without its secrets, by member names and by look."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gateway.core.subject import fingerprint
from shadow.normalise.json_value import NotJsonError, parse
from shadow.redaction.names import Treatment, treatment, within
from shadow.redaction.text import DROPPED, clean, is_fingerprint

if TYPE_CHECKING:
    from shadow.redaction.secrets_seen import Seen

MOST_VALUES = 20_000
_LONGEST = 1_000
_LOOKED_AT = 8_000
_TOKEN = 6
_PROSE = 12
"""Masked texts shorter than this are not looked for elsewhere: they are ordinary words."""


class TooLargeError(ValueError):
    """The value has more members than are looked through."""


class Tree:
    """Takes secrets out of JSON values and texts, remembering them; `key` makes the fingerprints."""

    def __init__(self, key: bytes, seen: Seen) -> None:
        self._key = key
        self._seen = seen
        self._left = MOST_VALUES
        self._names: dict[str, str] = {}

    def redact(self, value: Any, how: Treatment = Treatment.KEEP) -> Any:
        """The value as it may be stored, under a name that is treated so.

        Raises:
            TooLargeError: it has more values than `MOST_VALUES`.
        """
        self._count()
        match value:
            case None | bool():
                return value
            case dict():
                named = _named(value)
                return {
                    self._name(key): self.redact(
                        item, max(within(how, key), named if key == "value" else Treatment.KEEP)
                    )
                    for key, item in value.items()
                }
            case list():
                before = [None, *value]
                return [self.redact(item, max(how, _switch(last))) for last, item in zip(before, value, strict=False)]
            case _:
                return self._scalar(value, how)

    def text(self, text: str, how: Treatment = Treatment.KEEP) -> str:
        """A text as it may be stored."""
        if not text or text in {"[DONE]", DROPPED} or is_fingerprint(text):
            return text
        match how:
            case Treatment.DROP:
                self._seen.add(text)
                return DROPPED
            case Treatment.FINGERPRINT:
                self._seen.add(text, _TOKEN)
                return fingerprint(self._key, text)
            case Treatment.MASK:
                self._seen.add(text, _PROSE)
                return f"[masked {len(text)} chars]"
            case Treatment.KEEP:
                return self._kept(text)

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooLargeError

    def _name(self, name: str) -> str:
        # The same few names come with every item of a list.
        if name not in self._names:
            self._names[name] = self.text(name)
        return self._names[name]

    def _scalar(self, value: Any, how: Treatment) -> Any:
        if isinstance(value, str):
            return self.text(value, how)
        return value if how is Treatment.KEEP else self.text(str(value), how)

    def _kept(self, text: str) -> str:
        self._count()
        inner = self._embedded(text)
        if len(text) > _LOOKED_AT and inner is None:
            return f"{self._kept(text[:_LONGEST])}… [{len(text) - _LONGEST} more chars]"
        cleaned = clean(text, self._key, self._seen.add) if inner is None else inner
        return (
            cleaned if len(cleaned) <= _LONGEST else f"{cleaned[:_LONGEST]}… [{len(cleaned) - _LONGEST} more chars]"
        )

    def _embedded(self, text: str) -> str | None:
        """Text that holds a JSON document, as in `Provider error: {"error": …}`, with that redacted as JSON."""
        if not text.endswith(("}", "]")):
            return None
        start = min((at for at in (text.find("{"), text.find("[")) if at >= 0), default=-1)
        if start < 0:
            return None
        try:
            value = parse(text[start:].encode("utf-8", "surrogateescape"))
        except NotJsonError:
            return None
        return clean(text[:start], self._key, self._seen.add) + compact(self.redact(value))


def _named(entry: dict[str, Any]) -> Treatment:
    """How `value` is treated in `{"name": "HF_TOKEN", "value": …}`."""
    names = [entry[key] for key in ("name", "key", "field") if isinstance(entry.get(key), str)]
    return max(map(treatment, names), default=Treatment.KEEP)


def _switch(word: Any) -> Treatment:
    """How what follows a command line switch such as `--password` is treated."""
    return treatment(word) if isinstance(word, str) and word.startswith("-") and "=" not in word else Treatment.KEEP


def compact(value: Any) -> str:
    """JSON in one line, as the platform writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
