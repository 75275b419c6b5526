"""The comparing core beside DeepDiff alone, on the two documents that the design names."""

from __future__ import annotations

import json
import random
import time
from statistics import median
from typing import TYPE_CHECKING, Any

from deepdiff import DeepDiff

from shadow.diff import body, deep, json_body

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

GOALS = {"equal": 0.1, "parsed": 0.1, "rows": 20.0}
"""Most milliseconds."""
_JSON = (("content-type", "application/json"),)
_ROWS, _CHANGED = 200, 80
_SIZE = 10_000
_TIMES = 20


def differences(rounds: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Milliseconds of each comparison: the median over the rounds of the best in each.

    DeepDiff stands beside ours in every round with equal documents; with rows, which take it seconds, in one.
    """
    same, other = document(_SIZE), document(_SIZE, turned=True)
    ours, theirs = rows(), rows(changed=_CHANGED)
    copy = document(_SIZE)
    nameless = [[{key: row[key] for key in row if key != "id"} for row in side] for side in (ours, theirs)]
    cases = {
        "equal": _bodies(same, same),
        "parsed": lambda: json_body.diff(same, copy),
        "respelled": _bodies(same, other),
        "rows": _bodies(ours, theirs),
        "nameless": _bodies(*nameless),
    }
    found: dict[str, list[float]] = {name: [] for name in cases}
    alone: dict[str, list[float]] = {"equal": [], "rows": []}
    for number in range(rounds):
        for name, compare in cases.items():
            say(f"diff: {name}")
            found[name].append(min(_milliseconds(compare) for _ in range(_TIMES)))
        alone["equal"].append(min(_milliseconds(lambda: DeepDiff(same, copy)) for _ in range(3)))
        if number == rounds // 2:
            say("diff: DeepDiff")
            alone["rows"].append(_milliseconds(lambda: DeepDiff(ours, theirs, ignore_order=True)))
    deep.close()
    return {
        "ours": {name: median(times) for name, times in found.items()},
        "deepdiff": {name: median(times) for name, times in alone.items()},
        "rounds": found,
        "deepdiff_rounds": alone,
    }


def lines(part: Mapping[str, Any]) -> Iterator[str]:
    """The part as text for a terminal."""
    ours, alone = part["ours"], part["deepdiff"]
    yield "two JSON bodies compared; milliseconds"
    for name, what in (
        ("equal", "10 KB, the same bytes"),
        ("parsed", "10 KB, equal documents, both parsed"),
        ("respelled", "10 KB, the same in another order and spelling"),
        ("rows", f"{_ROWS} shuffled rows, {_CHANGED} of them changed"),
        ("nameless", "the same rows without ids"),
    ):
        goal = f"  {'met' if ours[name] <= GOALS[name] else 'MISSED'} <= {GOALS[name]:g}" if name in GOALS else ""
        beside = f"  DeepDiff {alone[name]:,.1f}, {alone[name] / ours[name]:,.0f} times" if name in alone else ""
        yield f"  {what:<46} {ours[name]:>8.3f}{goal}{beside}"


def document(size: int, *, turned: bool = False) -> list[dict[str, Any]]:
    """Rows of about so many bytes as JSON; `turned` has their members in another order."""
    out: list[dict[str, Any]] = []
    while len(json.dumps(out, separators=(",", ":"))) < size:
        row = {"id": len(out), "name": f"row {len(out)}", "at": "2026-11-22T18:33:20.458529", "score": len(out) / 7}
        out.append(dict(reversed(row.items())) if turned else row)
    return out


def rows(changed: int = 0) -> list[dict[str, Any]]:
    """So many rows with ids; with some changed, in another order."""
    listed: list[dict[str, Any]] = [
        {"id": number, "name": f"row {number}", "tags": ["a", "b"], "n": number} for number in range(_ROWS)
    ]
    if changed:
        listed = [{**row, "name": "changed"} if row["id"] < changed else row for row in listed]
        random.Random(1).shuffle(listed)
    return listed


def _bodies(legacy: Any, gateway: Any) -> Callable[[], object]:
    one, other = (json.dumps(side, separators=(",", ":")).encode() for side in (legacy, gateway))
    return lambda: body.diff((_JSON, one), (_JSON, other))


def _milliseconds(compare: Callable[[], object]) -> float:
    started = time.perf_counter()
    compare()
    return (time.perf_counter() - started) * 1e3
