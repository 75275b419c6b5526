"""The child that asks DeepDiff: one JSON line in, `[legacy, gateway]`; one out, the pairs of positions."""

from __future__ import annotations

import json
import sys
from typing import Any

from deepdiff import DeepDiff

MOST_PASSES = 2_000
MOST_DIFFS = 20_000


def pairs(legacy: list[Any], gateway: list[Any]) -> list[tuple[int, int]]:
    """Positions of the items DeepDiff pairs by distance; -1 stands for no partner. In legacy's order, extras last.

    DeepDiff's defaults are unsafe here: passes are bounded, caching is on, and nothing is too different to be paired.
    """
    found = DeepDiff(
        legacy,
        gateway,
        ignore_order=True,
        report_repetition=True,
        view="tree",
        cache_size=5_000,
        max_passes=MOST_PASSES,
        max_diffs=MOST_DIFFS,
        cutoff_distance_for_pairs=0.9,
        cutoff_intersection_for_pairs=1,
        threshold_to_diff_deeper=0,
    )
    partners = {}
    for levels in found.values():
        for level in levels:
            ours, theirs = (level.path(output_format="list", use_t2=second) for second in (False, True))
            if level.all_up is not level and _inside(level, ours, theirs):
                partners[ours[0]] = theirs[0]
    return _complete(partners, len(legacy), len(gateway))


def _inside(level: Any, ours: list[Any], theirs: list[Any]) -> bool:
    return bool(ours and theirs and (len(ours) > 1 or level.report_type in {"values_changed", "type_changes"}))


def _complete(partners: dict[int, int], ours: int, theirs: int) -> list[tuple[int, int]]:
    kept: dict[int, int] = {}
    for at, other in sorted(partners.items()):
        if at < ours and other < theirs and other not in kept.values():
            kept[at] = other
    free = [other for other in range(theirs) if other not in kept.values()]
    return [*((at, kept.get(at, -1)) for at in range(ours)), *((-1, other) for other in free)]


def main() -> None:
    """Answer until standard input closes."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        legacy, gateway = json.loads(line)
        sys.stdout.write(json.dumps(pairs(legacy, gateway)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
