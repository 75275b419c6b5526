"""Named values that may repeat (queries, forms): missing, extra, changed, lost repetitions, order."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

from gateway.core.observation import DifferenceKind
from shadow.diff import named
from shadow.diff.found import Found

if TYPE_CHECKING:
    from collections.abc import Iterator

Pairs = list[tuple[str, str]]


def raw(text: str) -> Pairs:
    """The pairs of a query or form as they stand; nothing is decoded."""
    return [(part.partition("=")[0], part.partition("=")[2]) for part in text.split("&")] if text else []


def decoded(text: str) -> Pairs:
    """The pairs of a form by meaning; broken UTF-8 survives as surrogates."""
    return [
        (unquote_plus(name, errors="surrogateescape"), unquote_plus(value, errors="surrogateescape"))
        for name, value in raw(text)
    ]


def diff(legacy: Pairs, gateway: Pairs, location: str) -> Iterator[Found]:
    """Where two lists of pairs differ, by name; `order` when only the order does."""
    if legacy == gateway:
        return
    ours, theirs = _grouped(legacy), _grouped(gateway)
    if ours == theirs:
        yield Found(location, "", DifferenceKind.ORDER, _names(legacy), _names(gateway))
        return
    yield from named.diff(ours, theirs, location)


def _grouped(pairs: Pairs) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found


def _names(pairs: Pairs) -> list[str]:
    return [name for name, _ in pairs]
