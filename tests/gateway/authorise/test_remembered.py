from __future__ import annotations

from gateway.authorise.remembered import Remembered
from tests.apps.clock import Clock


def test_an_answer_has_its_age() -> None:
    """In seconds since it was put there, anew each time."""
    clock = Clock()
    memory: Remembered[str, int] = Remembered(2, clock)
    assert memory.get("a") is None
    memory.put("a", 1)
    clock.now += 3
    assert memory.get("a") == (3.0, 1)
    memory.put("a", 2)
    assert memory.get("a") == (0.0, 2)


def test_the_oldest_makes_room() -> None:
    """No more is kept than fits; an answer put again is young again."""
    memory: Remembered[str, int] = Remembered(2, Clock())
    memory.put("a", 1)
    memory.put("b", 2)
    memory.put("a", 3)
    memory.put("c", 4)
    assert len(memory) == 2
    assert (memory.get("a"), memory.get("b")) == ((0.0, 3), None)


def test_what_is_dropped_is_gone() -> None:
    """Dropping what is not there does nothing."""
    memory: Remembered[str, int] = Remembered(2, Clock())
    memory.put("a", 1)
    memory.drop("a")
    memory.drop("a")
    assert memory.get("a") is None
