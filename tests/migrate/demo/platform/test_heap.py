"""Heap order."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.demo.platform.heap import Heap


@dataclass(frozen=True)
class Row:
    """An id and a value."""

    id: str
    value: int = 0


def filled(*names: str) -> Heap[Row]:
    """A heap with rows of these names."""
    heap: Heap[Row] = Heap()
    for name in names:
        heap.insert(Row(name))
    return heap


def test_an_updated_row_moves_to_the_end() -> None:
    """Rows a, b, c become b, c, a when a is updated."""
    heap = filled("a", "b", "c")
    heap.update("a", value=1)
    assert [row.id for row in heap] == ["b", "c", "a"]
    assert heap.get("a") == Row("a", 1)


def test_an_absent_row_cannot_be_updated() -> None:
    """Updating what is not there is a KeyError; deleting it is nothing."""
    heap = filled("a")
    heap.delete("x")
    with pytest.raises(KeyError):
        heap.update("x", value=1)


def test_conditions_keep_the_order() -> None:
    """`where` and `first` answer in heap order; nothing found is empty or None."""
    heap = filled("a", "b", "c")
    assert [row.id for row in heap.where(lambda row: row.id != "b")] == ["a", "c"]
    assert heap.first(lambda row: row.id > "a") == Row("b")
    assert heap.first(lambda row: row.id == "x") is None


@given(st.lists(st.sampled_from("abcd")))
def test_updates_only_reorder(updates: list[str]) -> None:
    """Whatever is updated, the rows are the same, and the last one updated stands last."""
    heap = filled(*"abcd")
    for name in updates:
        heap.update(name, value=1)
    assert {row.id for row in heap} == set("abcd")
    assert len(heap) == 4
    assert not updates or list(heap)[-1].id == updates[-1]
