"""The access log's buffer."""

from __future__ import annotations

import asyncio
import io
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from gateway.access_log import BYTES, SECONDS, AccessLog

if TYPE_CHECKING:
    import pytest


async def test_lines_wait_for_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines are written together and in order, a moment after the first; the next one starts anew."""
    log = AccessLog()
    log.add("one")
    log.add("two")
    assert capsys.readouterr().err == ""
    await asyncio.sleep(SECONDS * 2)
    assert capsys.readouterr().err == "one\ntwo\n"
    log.add("three")
    await asyncio.sleep(SECONDS * 2)
    assert capsys.readouterr().err == "three\n"


async def test_what_waits_is_bounded(capsys: pytest.CaptureFixture[str]) -> None:
    """Many characters are written at once."""
    log = AccessLog()
    log.add("x" * (BYTES - 1))
    assert capsys.readouterr().err == ""
    log.add("y")
    assert capsys.readouterr().err == "x" * (BYTES - 1) + "\ny\n"
    log.add("z")
    assert capsys.readouterr().err == ""
    log.flush()
    assert capsys.readouterr().err == "z\n"


async def test_flushing_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    """What was flushed is not written again by the timer, nor by a second flush."""
    log = AccessLog()
    log.add("one")
    log.flush()
    log.flush()
    await asyncio.sleep(SECONDS * 2)
    assert capsys.readouterr().err == "one\n"


async def test_nobody_who_logs_meets_a_dead_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where whoever read the log has gone, lines are lost, and that is all."""
    read, write = os.pipe()
    os.close(read)
    dead = os.fdopen(write, "wb", buffering=0)
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(dead, write_through=True))
    log = AccessLog()
    log.add("x" * BYTES)
    sys.stderr.close()
    log.add("y" * BYTES)


def test_outside_a_loop_nothing_waits(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a loop that could write it later, a line is written now."""
    AccessLog().add("now")
    assert capsys.readouterr().err == "now\n"


def test_the_end_of_the_process_loses_nothing() -> None:
    """A process that ends by itself or by an error writes what waits."""
    program = """
import asyncio
from gateway.access_log import AccessLog
log = AccessLog()
async def main():
    log.add("last words")
    raise SystemExit(3)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (3, "last words\n")
