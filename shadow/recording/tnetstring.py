"""Typed netstrings, the format of mitmproxy's flow files: `LENGTH:DATA` and one byte for the type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_DEPTH = 100
_DIGITS = 12
"""More digits than any file has bytes: a length beyond that is rubbish, not a large value."""

_SCALARS: Mapping[bytes, Callable[[bytes], Any]] = {
    b",": bytes,
    b";": lambda raw: raw.decode("utf-8", "surrogateescape"),
    b"#": int,
    b"^": float,
    b"!": lambda raw: raw == b"true",
    b"~": lambda _: None,
}


class BrokenError(ValueError):
    """The bytes end early or are no typed netstring; `offset` is where it shows."""

    def __init__(self, what: str, offset: int) -> None:
        super().__init__(what)
        self.offset = offset


def parse(data: bytes, offset: int = 0, depth: int = 0) -> tuple[Any, int]:
    """The value that starts at `offset` and the offset after it. Dictionary keys become str.

    Raises:
        BrokenError: truncated or malformed.
    """
    start, end = _extent(data, offset)
    if depth > _DEPTH:
        raise BrokenError("values are nested too deeply", offset)
    return _value(data, start, end, depth), end + 1


def _extent(data: bytes, offset: int) -> tuple[int, int]:
    colon = data.find(b":", offset, offset + _DIGITS + 1)
    digits = data[offset:colon] if colon >= 0 else data[offset : offset + _DIGITS + 1]
    if not digits.isdigit() or colon < 0:
        ends = len(data) - offset <= _DIGITS and (not digits or digits.isdigit())
        raise BrokenError("the file ends within a length" if ends else "no length where one must stand", offset)
    end = colon + 1 + int(digits)
    if end >= len(data):
        raise BrokenError(f"the file ends within a value of {int(digits)} bytes", offset)
    return colon + 1, end


def _value(data: bytes, start: int, end: int, depth: int) -> Any:
    kind = data[end : end + 1]
    if kind == b"]":
        return _items(data, start, end, depth)
    if kind == b"}":
        return _pairs(data, start, end, depth)
    if kind not in _SCALARS:
        raise BrokenError(f"unknown type {kind!r}", end)
    raw = data[start:end]
    try:
        return _SCALARS[kind](raw)
    except ValueError:
        raise BrokenError(f"{raw[:20]!r} is no number", start) from None


def _items(data: bytes, start: int, end: int, depth: int) -> list[Any]:
    items = []
    while start < end:
        item, start = parse(data, start, depth + 1)
        items.append(item)
    if start != end:
        raise BrokenError("a list's last value is longer than the list", start)
    return items


def _pairs(data: bytes, start: int, end: int, depth: int) -> dict[str, Any]:
    items = _items(data, start, end, depth)
    if len(items) % 2:
        raise BrokenError("a dictionary key has no value", start)
    keys = [key.decode("ascii", "surrogateescape") if isinstance(key, bytes) else str(key) for key in items[::2]]
    return dict(zip(keys, items[1::2], strict=True))
