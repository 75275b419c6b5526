"""What the child answers."""

from __future__ import annotations

import json
import subprocess
import sys

from shadow.diff.deep_worker import pairs


def test_items_are_paired_by_distance() -> None:
    """Like items are pairs; what has no partner is missing or extra."""
    ours = [{"a": 1, "b": 2}, {"x": 5, "y": 6}, [1, 2, 3]]
    theirs = [{"x": 5, "y": 7}, [1, 2, 4], {"a": 1, "b": 3}]
    assert pairs(ours, theirs) == [(0, 2), (1, 0), (2, 1)]
    assert pairs([{"a": 1, "b": 1}], [{"a": 1, "b": 2}, {"zz": [1, 2, 3]}]) == [(0, 0), (-1, 1)]


def test_every_item_is_named_once() -> None:
    """No item is lost or used twice, however alike they are."""
    found = pairs([{"a": n} for n in range(5)], [{"a": n + 3} for n in range(4)])
    assert sorted(a for a, _ in found if a >= 0) == list(range(5))
    assert sorted(b for _, b in found if b >= 0) == list(range(4))


def test_it_ends_when_its_input_closes() -> None:
    """The child says that it is ready, answers line by line, and ends at the end of its input."""
    done = subprocess.run(
        [sys.executable, "-m", "shadow.diff.deep_worker"],
        input=json.dumps([[{"a": 1}], [{"a": 2}]]) + "\n",
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    ready, answer = done.stdout.splitlines()
    assert ready == "ready"
    assert json.loads(answer) == [[0, 0]]
