from __future__ import annotations

import os

from loadtests.bench import machine
from loadtests.bench.machine import describe


def test_a_machine_is_known_by_what_it_is() -> None:
    """The same id each time, whatever its load; cores and memory are those this process may use."""
    one, two = describe(), describe()
    assert one["id"] == two["id"]
    assert one["cores"] == len(os.sched_getaffinity(0))
    assert one["memory"] > 1_000_000
    assert one["load"] >= 0


def test_the_processor_is_the_systems_word_for_it() -> None:
    """The first core's name; where the system has none, the architecture."""
    assert machine._processor("processor : 0\nmodel name\t: Fast One\n\nmodel name\t: Other\n") == "Fast One"
    assert machine._processor("")
