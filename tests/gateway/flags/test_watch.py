from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.core.errors import ConfigError
from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore, Process
from gateway.flags.watch import FlagWatch
from gateway.store.database import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[3]
_FOLLOWER = """
import json, sys, time
from pathlib import Path
from gateway.flags.watch import FlagWatch
watch = FlagWatch(Path(sys.argv[1]), "gateway", "127.0.0.1:1")
watch.start()
seen = -1
while True:
    revision = watch.snapshot.revision
    if revision != seen:
        seen = revision
        print(json.dumps([revision, time.time()]), flush=True)
    time.sleep(0.0005)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A fresh store's path."""
    path = tmp_path / "cutover.db"
    open_store(path).close()
    return path


@contextmanager
def following(path: Path) -> Iterator[FlagWatch]:
    """A watch that runs."""
    watch = FlagWatch(path, "gateway", "127.0.0.1:1")
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


def change(path: Path, stage: Stage = Stage.SHADOW, route: str = "a") -> float:
    """Move a flag as a command does; the moment before it was stored."""
    with closing(open_store(path)) as connection:
        store = FlagStore(connection)
        seen = store.snapshot()
        at = time.time()
        store.change([Flag(route, stage)], expected=seen)
        return at


def processes(path: Path) -> list[Process]:
    """Who is alive."""
    with closing(open_store(path)) as connection:
        return FlagStore(connection).processes()


def eventually(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never held"
        time.sleep(0.005)


@pytest.mark.measured
def test_a_change_reaches_another_process_at_once(path: Path, record_property: Callable[[str, object], None]) -> None:
    """A flag moved here is applied in a process of its own within a second, in the median within 100 ms."""
    with subprocess.Popen(
        [sys.executable, "-c", _FOLLOWER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ}
    ) as process:
        assert process.stdout
        try:
            assert json.loads(process.stdout.readline())[0] == 0
            delays = []
            for round_ in range(20):
                at = change(path, Stage.SHADOW if round_ % 2 else Stage.LEGACY)
                revision, applied = json.loads(process.stdout.readline())
                assert revision == round_ + 1
                delays.append((applied - at) * 1000)
        finally:
            process.kill()
    median, greatest = statistics.median(delays), max(delays)
    record_property("milliseconds", f"median {median:.1f}, greatest {greatest:.1f}")
    sys.stdout.write(f"flag change to another process: median {median:.1f} ms, greatest {greatest:.1f} ms\n")
    assert greatest < 1000
    assert median < 100


def test_a_running_process_is_known_and_acknowledges(path: Path) -> None:
    """It is listed from its first look on, and its entry names the revision it applies."""
    with following(path) as watch:
        eventually(lambda: len(processes(path)) == 1)
        change(path)
        eventually(lambda: [process.revision for process in processes(path)] == [1])
        assert watch.snapshot.flag("a").stage is Stage.SHADOW
        assert processes(path)[0].pid == os.getpid()
    assert processes(path) == []


def test_a_snapshot_is_there_before_the_first_look(path: Path) -> None:
    """A process never starts with flags it does not know."""
    change(path)
    assert FlagWatch(path, "gateway", "x").snapshot.flag("a").stage is Stage.SHADOW


def test_while_the_store_is_away_the_last_snapshot_stands(path: Path) -> None:
    """The watch says that it is stale, and recovers by itself when the file is back."""
    change(path)
    with following(path) as watch:
        eventually(lambda: len(processes(path)) == 1)
        away = path.parent / "away"
        away.mkdir()
        parts = [part for part in path.parent.iterdir() if part.name.startswith(path.name)]
        for part in parts:
            part.rename(away / part.name)
        eventually(lambda: watch.stale)
        assert watch.snapshot.flag("a").stage is Stage.SHADOW
        for part in parts:
            (away / part.name).rename(part)
        eventually(lambda: not watch.stale)
        change(path, Stage.CANARY)
        eventually(lambda: watch.snapshot.flag("a").stage is Stage.CANARY)


def test_a_store_that_was_replaced_is_followed(path: Path, tmp_path: Path) -> None:
    """Another file under the same name is another past, also under the same revision."""
    change(path)
    other = tmp_path / "other.db"
    open_store(other).close()
    change(other, Stage.SHADOW, route="b")
    with following(path) as watch:
        eventually(lambda: watch.snapshot.flag("a").stage is Stage.SHADOW)
        for part in [part for part in tmp_path.iterdir() if part.name.startswith(path.name)]:
            part.unlink()
        other.rename(path)
        eventually(lambda: watch.snapshot.flag("b").stage is Stage.SHADOW)
        assert watch.snapshot.flag("a").stage is Stage.LEGACY


def test_a_store_that_cannot_be_opened_stops_the_start(tmp_path: Path) -> None:
    """Nobody runs on flags that were never read."""
    (tmp_path / "cutover.db").write_text("no database" * 500)
    with pytest.raises(ConfigError, match="not a database"):
        FlagWatch(tmp_path / "cutover.db", "gateway", "x")
