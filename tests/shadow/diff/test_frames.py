"""WebSocket conversations against each other."""

from __future__ import annotations

import pytest

from gateway.core.exchange import Frame
from shadow.diff.found import Budget
from shadow.diff.frames import diff
from tests.shadow.cases import found_as


def frame(data: bytes, *, client: bool = False, text: bool = True) -> Frame:
    """One message."""
    return Frame(from_client=client, text=text, data=data)


@pytest.mark.parametrize(
    ("legacy", "gateway", "expected"),
    [
        ([frame(b'{"a":1}')], [frame(b'{"a": 1}')], []),
        ([frame(b'{"a":1}')], [frame(b'{"a":2}')], ["frame server[0]$.a changed"]),
        ([frame(b"x"), frame(b"y")], [frame(b"x")], ["frame server[1] missing"]),
        ([], [frame(b"x", client=True)], ["frame client[0] extra"]),
        ([frame(b"x"), frame(b"y")], [frame(b"y"), frame(b"x")], ["frame server order"]),
        ([frame(b"x")], [frame(b"y")], ["frame server[0] changed"]),
        ([frame(b"x")], [frame(b"x", text=False)], ["frame server[0] type"]),
        ([frame(b"\0", text=False)], [frame(b"\1", text=False)], ["frame server[0] changed"]),
        ([frame(b"a", client=True), frame(b"x")], [frame(b"x"), frame(b"a", client=True)], []),
    ],
)
def test_conversations(legacy: list[Frame], gateway: list[Frame], expected: list[str]) -> None:
    """Each direction is compared by itself; JSON messages by their members."""
    assert found_as(list(diff(tuple(legacy), tuple(gateway), Budget()))) == expected
