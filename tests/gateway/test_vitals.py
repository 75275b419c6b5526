"""Vitals."""

from __future__ import annotations

import asyncio
import os
import time

from gateway.metrics import Histogram
from gateway.vitals import Beat, vitals


def test_process_tells_of_itself() -> None:
    """Memory, descriptors and time are those of this process."""
    before = vitals()
    held = b"x" * (64 << 20)
    read, write = os.pipe()
    after = vitals()
    os.close(read)
    os.close(write)
    assert after["process_resident_memory_bytes"] - before["process_resident_memory_bytes"] > len(held) // 2
    assert after["process_open_fds"] == before["process_open_fds"] + 2 <= after["process_max_fds"]
    assert 0 < before["process_cpu_seconds_total"] <= after["process_cpu_seconds_total"]
    assert time.time() - 86_400 < after["process_start_time_seconds"] <= time.time()


async def test_a_loop_that_is_held_up_is_seen() -> None:
    """A beat comes as late as somebody kept the loop, and regular beats come in time; it ends when stopped."""
    lag = Histogram()
    beat = Beat(lag, seconds=0.02)
    beat.start()
    beat.start()
    await asyncio.sleep(0.01)
    time.sleep(0.3)  # noqa: ASYNC251 - this is the fault
    end = time.monotonic() + 10
    while sum(lag.counts[:-1]) < 3:
        assert time.monotonic() < end
        await asyncio.sleep(0.005)
    beat.stop()
    beat.stop()
    assert lag.counts[-1] > 0.2
    seen = sum(lag.counts[:-1])
    await asyncio.sleep(0.06)
    assert sum(lag.counts[:-1]) == seen
