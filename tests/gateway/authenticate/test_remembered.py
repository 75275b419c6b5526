"""What was verified lately."""

from __future__ import annotations

from gateway.authenticate.remembered import Remembered


class Clocks:
    """Two clocks that stand until they are set."""

    def __init__(self) -> None:
        self.day, self.steady = 1_000.0, 50.0
        self.memory: Remembered[str] = Remembered(2, lambda: self.day, lambda: self.steady)

    def put(self, name: str, seconds: float = 10.0) -> None:
        """Remember a credential by its own name."""
        memory = self.memory
        memory.put(memory.digest(name), name, seconds, now=self.day, generation=memory.generation)

    def get(self, name: str) -> str | None:
        """What is remembered of it."""
        return self.memory.get(self.memory.digest(name))


def test_a_value_is_there_until_its_time() -> None:
    """To the second, and then it is gone for good."""
    clocks = Clocks()
    clocks.put("a")
    clocks.day, clocks.steady = 1_009.9, 59.9
    assert clocks.get("a") == "a"
    clocks.day = 1_010.0
    assert clocks.get("a") is None
    assert len(clocks.memory) == 0


def test_setting_a_clock_back_extends_nothing() -> None:
    """The time of day may step; the steady clock ends what it would extend."""
    clocks = Clocks()
    clocks.put("a")
    clocks.day, clocks.steady = 500.0, 60.0
    assert clocks.get("a") is None


def test_setting_a_clock_forward_ends_at_once() -> None:
    """What has expired by the time of day is gone, however little time has passed."""
    clocks = Clocks()
    clocks.put("a")
    clocks.day = 2_000.0
    assert clocks.get("a") is None


def test_what_has_no_time_left_is_not_kept() -> None:
    """Neither nothing nor less."""
    clocks = Clocks()
    clocks.put("a", 0.0)
    clocks.put("b", -1.0)
    assert len(clocks.memory) == 0


def test_the_least_used_makes_room() -> None:
    """Memory is bounded."""
    clocks = Clocks()
    clocks.put("a")
    clocks.put("b")
    assert clocks.get("a") == "a"
    clocks.put("c")
    assert (clocks.get("a"), clocks.get("b"), clocks.get("c")) == ("a", None, "c")
    clocks.put("c", 20.0)
    assert len(clocks.memory) == 2


def test_clearing_reaches_what_is_being_found_out() -> None:
    """A value that was looked for before everything was forgotten is not remembered afterwards."""
    clocks = Clocks()
    memory, generation = clocks.memory, clocks.memory.generation
    clocks.put("a")
    memory.clear()
    assert clocks.get("a") is None
    memory.put(memory.digest("b"), "b", 10.0, now=clocks.day, generation=generation)
    assert clocks.get("b") is None


def test_no_credential_is_held() -> None:
    """Only keyed digests are, which differ from process to process."""
    one, other = Clocks(), Clocks()
    one.put("secret")
    assert one.memory.digest("secret") == one.memory.digest("secret")
    assert one.memory.digest("secret") != other.memory.digest("secret")
    assert len(one.memory.digest("\ud800" * 9)) == 16
