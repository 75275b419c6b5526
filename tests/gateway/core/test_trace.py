"""Trace context."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.trace import Parent, parsed, trace_of

ID, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SHAPE = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[0-3]")


@pytest.mark.parametrize(
    ("value", "flags"),
    [
        (f"00-{ID}-{SPAN}-01", "01"),
        (f"00-{ID}-{SPAN}-00", "00"),
        (f"00-{ID}-{SPAN}-ff", "03"),
        (f"cc-{ID}-{SPAN}-01", "01"),
        (f"cc-{ID}-{SPAN}-01-what-comes-later", "01"),
        (f"  00-{ID}-{SPAN}-02 ", "02"),
    ],
)
def test_valid_parent_is_continued_with_a_span_of_our_own(value: str, flags: str) -> None:
    """Trace id and known flags stay; the parent told onward is new."""
    trace = trace_of((("Traceparent", value), ("Accept", "*/*")))
    assert (trace.id, trace.flags) == (ID, flags)
    assert trace.span != SPAN
    assert SHAPE.fullmatch(dict(trace.headers())["traceparent"])


@pytest.mark.parametrize(
    "value",
    [
        "",
        f"00-{ID}-{SPAN}",
        f"00-{ID}-{SPAN}-1",
        f"00-{ID}-{SPAN}-01-more",
        f"ff-{ID}-{SPAN}-01",
        f"cc-{ID}-{SPAN}-01.later",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{ID}-{'0' * 16}-01",
        f"00-{ID.upper()}-{SPAN}-01",
        f"00-{ID[1:]}g-{SPAN}-01",
        f"00-{ID}-{SPAN}-01\n",
    ],
)
def test_invalid_parent_restarts_the_trace(value: str) -> None:
    """What is no traceparent is replaced by a new trace, and what vendors wrote of the old one goes with it."""
    assert parsed(value) is None
    trace = trace_of((("traceparent", value), ("tracestate", "a=1")))
    assert trace.id != ID
    assert [name for name, _ in trace.headers()] == ["traceparent"]
    assert SHAPE.fullmatch(dict(trace.headers())["traceparent"])


def test_two_parents_are_none() -> None:
    """A header given twice says nothing certain."""
    both = (("traceparent", f"00-{ID}-{SPAN}-01"), ("traceparent", f"00-{ID}-{SPAN}-01"))
    assert trace_of(both).id != ID


def test_absent_parent_begins_a_trace_that_is_recorded() -> None:
    """Every request has a trace of its own; services that only follow their caller record it."""
    one, other = trace_of(()), trace_of(())
    assert one.id != other.id
    assert one.flags == "01"


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ([], None),
        (["a=1"], "a=1"),
        (["a=1", "b=2, c=3"], "a=1,b=2, c=3"),
        (["a=1,,"], "a=1"),
        ([""], None),
        ([",".join(f"k{number}=1" for number in range(33))], None),
        (["a=\u00e9"], None),
        (["a=" + "x" * 5000], None),
    ],
)
def test_state_is_passed_on_whole_or_not_at_all(states: list[str], told: str | None) -> None:
    """Several lines are one list; a list that is too long, or is no text, is left out."""
    headers = (("traceparent", f"00-{ID}-{SPAN}-01"), *(("TraceState", state) for state in states))
    assert dict(trace_of(headers).headers()).get("tracestate") == told


@given(st.text(max_size=80))
def test_whatever_is_claimed_only_a_trace_comes_out(text: str) -> None:
    """No text makes the gateway send anything but a well-formed header."""
    sent = dict(trace_of((("traceparent", text), ("tracestate", text))).headers())
    assert SHAPE.fullmatch(sent["traceparent"])


def test_parent_says_trace_span_and_flags() -> None:
    """The parts are told apart."""
    assert parsed(f"00-{ID}-{SPAN}-01") == Parent(ID, SPAN, "01")
