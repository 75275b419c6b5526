"""Saying where a broken HAR breaks, and how much of it stands before that."""

from __future__ import annotations

import json
import re

_ENTRIES = re.compile(r'"entries"\s*:\s*\[')
_BETWEEN = re.compile(r"[\s,]*")


def where_it_breaks(text: str) -> str:
    """One clause for a person: the entry and byte offset of the break, and how many exchanges stand before it."""
    found = _ENTRIES.search(text)
    if not found:
        return f"broken JSON at {_place(text, _error(text))}, before the first exchange; export the recording again"
    whole, at = _count(text, found.end())
    what = "truncated" if at >= len(text.rstrip()) else "broken JSON"
    return f"{what} at {_place(text, at)}, in entry {whole}; {whole} exchanges before it can be read"


def _count(text: str, at: int) -> tuple[int, int]:
    decoder = json.JSONDecoder()
    whole = 0
    while True:
        at = _BETWEEN.match(text, at).end()  # type: ignore[union-attr]  # it matches the empty text too
        if text[at : at + 1] == "]":
            return whole, _error(text)
        try:
            _, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            return whole, _far(text, error)
        except (ValueError, RecursionError):
            return whole, at
        whole += 1


def _error(text: str) -> int:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return _far(text, error)
    except (ValueError, RecursionError):
        return 0
    return len(text)


def _far(text: str, error: json.JSONDecodeError) -> int:
    # An unterminated string is reported where it began; the file breaks at its end.
    return len(text) if error.msg.startswith("Unterminated string") else error.pos


def _place(text: str, at: int) -> str:
    return f"byte {len(text[:at].encode('utf-8', 'surrogatepass'))}"
