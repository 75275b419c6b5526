from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "migrate" / "presets" / "inferia.yaml"
INTERRUPTED = (130, "", "cutover: interrupted\n")
_INTERRUPTED = """
import sys, importlib.abc
class Interrupting(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "migrate.cli":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupting())
from migrate.entry import main
main()
"""


def _started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "migrate", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def _opened(fifo: Path) -> int:
    """A pipe's end for writing, once somebody reads it."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return os.open(fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:
            assert time.monotonic() < deadline, "nobody reads"
            time.sleep(0.01)


def test_an_interrupt_during_the_imports_prints_no_traceback() -> None:
    """Ctrl-C before the first command line was read is exit code 130 and one line."""
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == INTERRUPTED


@pytest.mark.proof
@pytest.mark.parametrize("arguments", [("check",), ("replay",), ("routes", "--config")])
def test_an_interrupted_command_says_one_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    """Ctrl-C while a file is read ends at once with exit code 130."""
    fifo = tmp_path / "endless"
    os.mkfifo(fifo)
    (tmp_path / "cutover.yaml").write_text(TABLE.read_text())
    with _started(tmp_path, *arguments, str(fifo)) as process:
        end = _opened(fifo)
        try:
            os.killpg(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=30)
        finally:
            os.close(end)
    assert (process.returncode, out, err) == INTERRUPTED


@pytest.mark.proof
@pytest.mark.parametrize("arguments", ["routes", "routes --access", "routes --json", "routes pools.list", "--help"])
def test_a_reader_that_has_left_is_no_fault(tmp_path: Path, arguments: str) -> None:
    """A closed pipe, with tables, documents and help alike, is exit code 0 in silence."""
    (tmp_path / "cutover.yaml").write_text(TABLE.read_text())
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "migrate", *arguments.split()],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=50,
            check=False,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")
