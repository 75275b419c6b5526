"""Event streams against each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shadow.diff.found import Budget
from shadow.diff.stream import diff
from tests.shadow.cases import found_as


def sse(*data: str) -> str:
    """A stream of these data lines."""
    return "".join(f"data: {one}\n\n" for one in data)


@pytest.mark.parametrize(
    ("legacy", "gateway", "expected"),
    [
        (sse("1", "2", "3"), sse("1", "3"), ["stream events[1] missing"]),
        (sse("1"), sse("1", "2"), ["stream events[1] extra"]),
        (sse('{"a":1}'), sse('{"a": 1.0}'), []),
        (sse("a"), sse("b"), ["stream events[0].data changed"]),
        (sse("a"), sse("{}"), ["stream events[0].data type"]),
        (
            "event: x\nid: 1\n" + sse("a"),
            "event: y\nid: 2\n" + sse("a"),
            ["stream events[0].event changed", "stream events[0].id changed"],
        ),
        (sse("[DONE]"), sse("[DONE]", "[DONE]"), ["stream done count"]),
        (sse('{"error":1}'), sse('{"error":2}'), ["stream error changed"]),
        (sse("1"), sse("1", "[DONE]"), ["stream done extra"]),
        (sse("1") + "data: x", sse("1") + "data: y", ["stream tail changed"]),
        ("{}", "[]", ["stream text changed"]),
        (": a\n\n", ":  a\n\n", []),
        (sse("1", "2", "[DONE]"), sse("1", "[DONE]", "2"), ["stream done order"]),
        (sse("1", "2", '{"error":1}'), sse("1", '{"error":1}', "2"), ["stream error order"]),
        (sse("1", "[DONE]"), sse("[DONE]", "1"), ["stream done order"]),
        (sse("1", "[DONE]"), sse("1") + ": ping\n\n" + sse("[DONE]"), []),
        ("retry: 10\n" + sse("1"), sse("1"), ["stream retry missing"]),
        (sse("1"), "retry:10\n" + sse("1"), ["stream retry extra"]),
        ("retry: 10\n" + sse("1"), "retry: 20\n" + sse("1"), ["stream retry changed"]),
        ("retry: soon\n" + sse("1"), sse("1"), []),
    ],
)
def test_streams(legacy: str, gateway: str, expected: list[str]) -> None:
    """Events are aligned; ends, errors and cut events have places of their own."""
    assert found_as(list(diff(legacy, gateway, Budget()))) == expected


@given(st.lists(st.sampled_from(["1", "[DONE]", '{"error":1}', '{"a":[1]}']), max_size=6))
def test_a_stream_does_not_differ_from_itself(data: list[str]) -> None:
    """diff(x, x) is empty, also for other line ends."""
    assert list(diff(sse(*data), sse(*data).replace("\n", "\r\n"), Budget())) == []
