from __future__ import annotations

from shadow.writes import Writes


def test_a_write_after_the_read_is_known() -> None:
    """Only a later write of the same subject counts."""
    writes = Writes()
    writes.note("u-1", 10.0)
    assert writes.since("u-1", 9.0)
    assert not writes.since("u-1", 10.0)
    assert not writes.since("u-2", 0.0)


def test_memory_is_bounded() -> None:
    """The subject that wrote longest ago is forgotten first."""
    writes = Writes(capacity=2)
    for at, subject in enumerate(("a", "b", "a", "c"), start=1):
        writes.note(subject, float(at))
    assert [writes.since(subject, 0.0) for subject in "abc"] == [True, False, True]
