from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import UnreachableError
from loadtests.bench.child import free_ports
from loadtests.bench.cores import two_cores
from loadtests.bench.wrk import Sample, load, parsed, script

if TYPE_CHECKING:
    from pathlib import Path

OUTPUT = """Running 4s test @ http://127.0.0.1:9912/api
  2 threads and 32 connections
BENCH {"requests":88000,"microseconds":2000000,"p50":594,"p99":1200,"errors":3}
"""


def test_the_scripts_line_is_read() -> None:
    """Counts, percentiles and errors come from the line that the script prints."""
    assert parsed(OUTPUT) == Sample(88_000, 2_000_000, 594, 1200, 3)


def test_the_rate_is_per_second() -> None:
    """88 000 requests in two seconds are 44 000 a second; no time is no rate."""
    assert parsed(OUTPUT).rate == 44_000
    assert Sample(0, 0, 0, 0, 0).rate == 0


def test_silence_is_an_error_with_wrks_own_words() -> None:
    """Without the line there is no number to take for zero."""
    with pytest.raises(UnreachableError, match="unable to connect"):
        parsed("unable to connect to 127.0.0.1:1 Connection refused")


def test_the_script_asks_as_each_user() -> None:
    """Target and tokens stand in the script as Lua strings."""
    text = script('/a?b="c"', ["one", "two"])
    assert 'local target = "/a?b=\\"c\\""' in text
    assert 'local tokens = { "one", "two" }' in text


@pytest.mark.skipif(not shutil.which("wrk"), reason="wrk is installed by make bench only")
def test_nobody_there_is_no_result(tmp_path: Path) -> None:
    """A peer that does not listen fails the run."""
    written = tmp_path / "ask.lua"
    written.write_text(script("/", ["t"]))
    (port,) = free_ports(1)
    with pytest.raises(UnreachableError):
        load(two_cores(), f"http://127.0.0.1:{port}", written, connections=1, seconds=0.1)
