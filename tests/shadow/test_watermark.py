from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from shadow.watermark import Watermark


def test_from_the_high_mark_down_to_the_low_mark_nothing_is_taken() -> None:
    """Room for one is no room yet: shedding lasts until the queue has sunk to the low mark."""
    mark = Watermark(4, 2)
    levels = (0, 3, 4, 3, 2, 3, 4, 3)
    assert [level for level in levels if mark.takes(level)] == [0, 3, 2, 3]


@settings(deadline=None)
@given(st.lists(st.booleans(), max_size=300), st.integers(1, 20), st.data())
def test_the_queue_never_rises_above_its_high_mark(steps: list[bool], high: int, data: st.DataObject) -> None:
    """Whatever comes and goes, the level stays at the high mark or below, and a sunken queue always takes."""
    mark, level = Watermark(high, data.draw(st.integers(0, high - 1))), 0
    for comes in steps:
        if comes and mark.takes(level):
            level += 1
        elif not comes:
            level = max(0, level - 1)
        assert level <= high
    assert mark.takes(0)
