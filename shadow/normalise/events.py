"""A server-sent event stream as events (WHATWG HTML §9.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from shadow.normalise.json_value import NotJsonError, parse

DONE = "[DONE]"
_LINES = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its type, its data as text and, when that is JSON, as a value; `complete` ends with a blank line."""

    type: str
    data: str
    id: str = ""
    json: Any = None
    is_json: bool = False
    complete: bool = True

    @property
    def done(self) -> bool:
        """Whether this ends an OpenAI stream."""
        return self.data == DONE

    @property
    def error(self) -> bool:
        """Whether this says that the upstream failed."""
        return self.type == "error" or (self.is_json and isinstance(self.json, dict) and "error" in self.json)


def events(text: str) -> list[Event]:
    """The events in order; comments mean nothing, an unfinished last event is marked so."""
    found: list[Event] = []
    fields: dict[str, list[str]] = {}
    *lines, rest = _LINES.split(text.removeprefix("\ufeff"))
    for line in lines:
        if line:
            _add(fields, line)
        else:
            _dispatch(found, fields, complete=True)
            fields = {}
    _add(fields, rest)
    _dispatch(found, fields, complete=False)
    return found


def retry(text: str) -> str:
    """The last word on how long to wait before connecting again, in milliseconds; empty for none."""
    said = [line.partition(":")[2].removeprefix(" ") for line in _LINES.split(text) if line.startswith("retry:")]
    return next((value for value in reversed(said) if value.isascii() and value.isdigit()), "")


def _add(fields: dict[str, list[str]], line: str) -> None:
    name, _, value = line.partition(":")
    if name in {"event", "data", "id"}:
        fields.setdefault(name, []).append(value.removeprefix(" "))


def _dispatch(found: list[Event], fields: dict[str, list[str]], *, complete: bool) -> None:
    if "data" not in fields:
        return
    data = "\n".join(fields["data"])
    value, is_json = _json(data)
    last = {name: values[-1] for name, values in fields.items()}
    found.append(Event(last.get("event", "message"), data, last.get("id", ""), value, is_json, complete))


def _json(data: str) -> tuple[Any, bool]:
    if not data.startswith(("{", "[")) or data == DONE:
        return None, False
    try:
        return parse(data.encode("utf-8", "surrogateescape")), True
    except NotJsonError:
        return None, False
