from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import pytest

from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore
from gateway.store.database import open_store
from loadtests.during.__main__ import Watch, main
from loadtests.during.order import Disturbances, due, parsed

ROOT = Path(__file__).parents[3]


def order(texts: list[str], run_time: float = 10.0, store: Path = Path("none.db"), **given: dict[str, str]) -> str:
    """The first line that the process reads."""
    ordered = Disturbances(parsed(texts), store=store, by="ann", **given)  # type: ignore[arg-type]
    document = {
        "ordered": {**asdict(ordered), "store": str(store)},
        "due": [asdict(one) for one in due(ordered.actions, run_time)],
    }
    return json.dumps(document) + "\n"


def told(sink: io.StringIO) -> list[Any]:
    """What the process said."""
    return [json.loads(line) for line in sink.getvalue().splitlines()]


def test_each_action_waits_for_its_moment(tmp_path: Path) -> None:
    """The seconds of the load are counted from what was told last; the account has them."""
    sink, mark = io.StringIO(), tmp_path / "mark"

    class Held(io.StringIO):
        """Orders that do not end before the action was seen."""

        def __iter__(self) -> Self:
            return self

        def __next__(self) -> str:
            if line := self.readline():
                return line
            deadline = time.monotonic() + 20
            while not mark.exists():
                assert time.monotonic() < deadline
                time.sleep(0.01)
            raise StopIteration

    began = time.monotonic() - 4.9
    main(Held(order([f"run touch {mark}"]) + f"{began + 3}\n{began}\n"), sink)
    ready, done = told(sink)
    assert ready == {"ready": True}
    (account,) = done["accounts"]
    assert account["error"] == ""
    assert 5.0 <= account["began"] < 7.0


def test_a_load_that_ends_before_is_told() -> None:
    """Nothing is done any more, and that is no success."""
    sink = io.StringIO()
    main(io.StringIO(order(["run touch /nowhere/x", "run true at 9s"])), sink)
    assert [one["error"] for one in told(sink)[1]["accounts"]] == ["the load ended before its moment"] * 2


def test_what_cannot_be_prepared_is_told_instead_of_ready() -> None:
    """With the exit code of its kind."""
    sink = io.StringIO()
    main(io.StringIO(order(["kill gateway"], processes={"gateway": "/nowhere"})), sink)
    (said,) = told(sink)
    assert said["exit"] == 2
    assert "/nowhere" in said["error"]


def test_a_watch_knows_no_second_before_it_is_told() -> None:
    """Nothing happens before the load begins."""
    watch = Watch()
    assert watch.elapsed < 0
    threading.Timer(0.1, watch.over.set).start()
    assert not watch.until(0.0)
    watch = Watch()
    watch.follow([f"{time.monotonic() - 5}\n"])
    assert 5 <= watch.elapsed < 60
    assert watch.until(5.0)


@pytest.mark.parametrize("ending", ["close", "kill"])
def test_flags_are_put_back_when_whoever_ordered_is_gone(tmp_path: Path, ending: str) -> None:
    """A load test that is killed leaves no flag moved: the process outlives it to undo."""
    store = tmp_path / "cutover.db"
    with closing(open_store(store)) as connection:
        flags = FlagStore(connection)
        flags.change([Flag("items.list", Stage.GATEWAY)], expected=flags.snapshot())

        def stage() -> Stage:
            return flags.snapshot().flag("items.list").stage

        first = order(["flip items.* at 0s for 60s"], 100.0, store)
        orders = tmp_path / "orders"
        orders.write_text(first + f"{time.monotonic()}\n")
        # A parent that hands the orders over, and then holds the pipe open until it dies.
        parent = (
            "import subprocess, sys, time\n"
            "child = subprocess.Popen([sys.executable, '-m', 'loadtests.during'], stdin=subprocess.PIPE,"
            " stdout=subprocess.DEVNULL, start_new_session=True)\n"
            f"child.stdin.write(open({str(orders)!r}, 'rb').read())\n"
            "child.stdin.flush()\n"
            "print(child.pid, flush=True)\n"
            "sys.stdin.read()\n"
            "child.stdin.close()\n"
            "child.wait()\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", parent], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdin
            assert process.stdout
            child = int(process.stdout.readline())
            deadline = time.monotonic() + 20
            while stage() is not Stage.SHADOW:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            process.kill() if ending == "kill" else process.stdin.close()
            while Path(f"/proc/{child}/stat").exists() and time.monotonic() < deadline:
                if Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                    break
                time.sleep(0.01)
        assert stage() is Stage.GATEWAY
