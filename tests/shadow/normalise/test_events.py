"""Event streams as events."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shadow.normalise.events import events, retry


def test_events_are_read_as_browsers_do() -> None:
    """Types, ids, several data lines, comments, and all three line ends."""
    found = events('\ufeff: hello\nevent: tick\nid: 1\ndata: {"a":1}\r\n\r\ndata:a\rdata: b\r\rretry: 3\n\n')
    assert [(one.type, one.id, one.data, one.complete) for one in found] == [
        ("tick", "1", '{"a":1}', True),
        ("message", "", "a\nb", True),
    ]
    assert (found[0].json, found[0].is_json, found[1].is_json) == ({"a": 1}, True, False)


def test_ends_and_errors_are_told() -> None:
    """`[DONE]`, error events and a cut last event are marked."""
    found = events('data: [DONE]\n\nevent: error\ndata: x\n\ndata: {"error":1}\n\ndata: [1]\n\ndata: {"cut')
    assert [(one.done, one.error, one.complete) for one in found] == [
        (True, False, True),
        (False, True, True),
        (False, True, True),
        (False, False, True),
        (False, False, False),
    ]


def test_a_last_line_without_its_end_is_cut() -> None:
    """An event counts only when a blank line ends it."""
    assert [one.complete for one in events("data: 1\n")] == [False]
    assert [one.complete for one in events("data: 1\n\n")] == [True]


@given(st.text(alphabet='data: {}[]\n\r"1,', max_size=60))
def test_any_text_is_survived(text: str) -> None:
    """No text raises."""
    assert isinstance(events(text), list)


def test_the_last_word_on_connecting_again_counts() -> None:
    """Digits only, as browsers take it."""
    assert retry("retry: 3\ndata: 1\n\nretry:40\n\n") == "40"
    assert retry("retry: 3\nretry: 3s\n\n") == "3"
    assert retry("data: retry: 3\n\n") == ""
