from __future__ import annotations

from shadow.writes import Writes


def test_a_write_after_the_read_is_known() -> None:
    """Only later writes of the same subject count."""
    writes = Writes()
    writes.note("u-1", 10.0)
    assert writes.since("u-1", 9.0) == 1
    assert writes.since("u-1", 10.0) == 0
    assert writes.since("u-2", 0.0) == 0
    writes.note("u-1", 11.0)
    assert [writes.since("u-1", at) for at in (9.0, 10.0, 11.0)] == [2, 1, 0]


def test_memory_is_bounded() -> None:
    """The subject that wrote longest ago is forgotten first."""
    writes = Writes(capacity=2)
    for at, subject in enumerate(("a", "b", "a", "c"), start=1):
        writes.note(subject, float(at))
    assert [writes.since(subject, 0.0) for subject in "abc"] == [2, 0, 1]
