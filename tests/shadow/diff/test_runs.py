"""A model's text in pieces."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config.shadowing import like
from shadow.diff.found import Budget
from shadow.diff.meaning import Meanings
from shadow.diff.runs import folded
from shadow.diff.stream import diff
from shadow.normalise.events import events
from tests.shadow.cases import found_as

PATH = "$.choices[*].delta.content"


def piece(**delta: Any) -> str:
    """One event of a completion."""
    finish = delta.pop("finish", None)
    document = {"id": delta.pop("id", "c-1"), "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return f"data: {json.dumps(document)}\n\n"


def said(*pieces: str, finish: str = "stop", **more: str) -> str:
    """A whole completion."""
    head, *rest = piece(role="assistant", **more), *(piece(content=one, **more) for one in pieces)
    return "".join([head, *rest, piece(finish=finish, **more), "data: [DONE]\n\n"])


def compared(legacy: str, gateway: str, **declared: str) -> list[str]:
    """The differences, with the text and what else is declared."""
    meanings = Meanings({PATH: like("text"), **{f"$.{name}": like(text) for name, text in declared.items()}})
    return found_as([*diff(legacy, gateway, Budget(), meanings), *meanings.unsettled()])


LONG = ["It is a ", "long story ", "that ", "nobody ", "tells twice ", "the same way."]


@given(st.integers(1, 6), st.integers(1, 6))
@settings(deadline=None)
def test_the_number_of_pieces_does_not_matter(ours: int, theirs: int) -> None:
    """Nor do the words."""
    assert compared(said(*LONG[-ours:]), said(*LONG[:theirs])) == []


def test_what_is_no_text_still_counts() -> None:
    """A reason to stop, an id, a silent model, a text that is JSON no more."""
    assert compared(said(*LONG), said(*LONG, finish="length")) == [
        "stream events[2]$.choices[0].finish_reason changed"
    ]
    assert len(compared(said("a"), said("b", id="c-2"))) == 3
    assert compared(said("a"), said()) == ["stream events[1] missing"]
    assert compared(said('{"a":', "1}"), said("a: 1")) == ["stream events[1]$.choices[0].delta.content changed"]
    assert compared(said("a"), said("b").replace("data: [DONE]\n\n", "")) == ["stream done missing"]


def test_ids_are_the_same_throughout_a_stream() -> None:
    """Another one halfway is a difference."""
    ours, theirs, other = (f"{digit * 8}-{'1' * 4}-{'1' * 4}-{'1' * 4}-{'1' * 12}" for digit in "abc")
    assert compared(said("a", id=ours), said("b", id=theirs), id="uuid") == []
    mixed = said("b", id=theirs).replace(theirs, other, 1)
    assert compared(said("a", id=ours), mixed, id="uuid") == [
        "stream events[1]$.id changed",
        "stream events[2]$.id changed",
    ]


def test_without_a_text_nothing_is_folded() -> None:
    """Two alike events are two."""
    found = events("data: 1\n\n" * 2 + 'data: {"a":1}\n\n' * 2)
    assert len(folded(found, Meanings({"$.b": like("uuid")}))) == 3
    assert compared('data: {"a":1}\n\n', 'data: {"a":1}\n\n' * 2) == []
