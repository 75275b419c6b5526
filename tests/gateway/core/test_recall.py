"""Remembered functions of headers."""

from __future__ import annotations

import pytest

from gateway.core.recall import ENTRIES, LONGEST, MOST, recalled


def test_the_same_headers_are_worked_out_once() -> None:
    """Equal arguments give the remembered result; other ones are worked out."""
    calls: list[tuple[object, ...]] = []

    @recalled
    def first(headers: tuple[tuple[str, str], ...], extra: int) -> str:
        calls.append((headers, extra))
        return headers[0][1]

    one, same = (("A", "".join(["x", "y"])),), (("A", "".join(["x", "y"])),)
    assert [first(one, 1), first(same, 1), first(one, 2)] == ["xy", "xy", "xy"]
    assert calls == [(one, 1), (one, 2)]


def test_nothing_is_a_result_too() -> None:
    """A function that returns nothing is not called again for it."""
    calls: list[int] = []
    check = recalled(lambda headers: calls.append(len(headers)))
    check(())
    check(())
    assert calls == [0]


def test_refusals_are_not_remembered() -> None:
    """What raises is asked again, and raises again."""
    calls: list[int] = []

    @recalled
    def refuse(headers: tuple[tuple[str, str], ...]) -> None:
        calls.append(len(headers))
        raise KeyError

    for _ in range(2):
        with pytest.raises(KeyError):
            refuse(())
    assert calls == [0, 0]


def test_a_flood_of_tiny_lines_is_not_remembered() -> None:
    """Lines count as well as bytes: a thousand heads of four thousand empty lines would fill half a gigabyte."""
    calls: list[int] = []
    count = recalled(lambda headers: calls.append(len(headers)))
    for lines in (MOST, MOST, MOST + 1, MOST + 1):
        count((("a", ""),) * lines)
    assert calls == [MOST, MOST + 1, MOST + 1]


def test_memory_is_bounded() -> None:
    """Long headers are never kept, and of short ones no more than the limit."""
    calls: list[str] = []

    @recalled
    def value(headers: tuple[tuple[str, str], ...]) -> str:
        calls.append(headers[0][1])
        return headers[0][1]

    longest = "x" * LONGEST
    for _ in range(2):
        value((("", longest),))
        value((("A", longest),))
    assert calls == [longest] * 3
    for number in range(ENTRIES):
        value((("A", str(number)),))
    calls.clear()
    value((("A", str(ENTRIES - 1)),))
    assert calls == []
    value((("", longest),))
    assert calls == [longest]
