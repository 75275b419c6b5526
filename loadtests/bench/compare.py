"""The present files beside another commit: from the history where both are in it, else measured turn by turn."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.core.errors import UnreachableError
from loadtests.bench.change import changes
from loadtests.bench.commit import TREE, commit_of, copied, present
from loadtests.bench.figures import figures, joined
from loadtests.bench.history import newest, read
from loadtests.bench.machine import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from loadtests.bench.change import Change
    from loadtests.bench.figures import Figure
    from loadtests.bench.measure import Plan

TOLERANCE = 0.02
"""The share by which a figure may be slower although that is beyond noise."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the figures changed since a commit; `interleaved` says how it was found out; `skipped` is name: reason."""

    base: str
    changes: tuple[Change, ...]
    interleaved: bool
    skipped: dict[str, str]

    @property
    def worse(self) -> tuple[Change, ...]:
        """What became slower beyond noise and tolerance."""
        return tuple(change for change in self.changes if change.worse_than(TOLERANCE))


def compare(name: str, plan: Plan, history: Path, *, fresh: bool, say: Callable[[str], None]) -> Comparison:
    """The present tree against a commit. From the history only what was taken beside a peer is compared.

    Raises:
        UsageError: there is no such commit.
        UnreachableError: nothing could be measured.
    """
    base = commit_of(name)
    if not fresh:
        runs, machine = read(history), describe()["id"]
        theirs = newest(runs, base, machine, plan.parts)
        ours = newest(runs, present(), machine, plan.parts)
        found = changes(*(_steady(figures(side)) for side in (ours, theirs)), paired=False)
        if found and set(plan.parts) <= theirs.keys() & ours.keys():
            return Comparison(base, tuple(found), interleaved=False, skipped={})
    return interleaved(base, plan, say)


def interleaved(base: str, plan: Plan, say: Callable[[str], None]) -> Comparison:
    """Measure both by the same code, in rounds: present base, base present, and so on."""
    measured: dict[str, list[dict[str, Figure]]] = {"present": [], "base": []}
    skipped: dict[str, str] = {}
    with copied(base) as tree:
        places = {"present": TREE, "base": tree}
        for part in plan.parts:
            taken: dict[str, list[dict[str, Figure]]] = {"present": [], "base": []}
            try:
                for number in range(plan.rounds):
                    for side in sorted(places, reverse=number % 2 == 0):
                        say(f"round {number + 1} of {plan.rounds}: {part} of {side}")
                        found = _measured(places[side], part, plan)
                        skipped |= found.get("skipped", {})
                        taken[side].append(figures(found))
            except UnreachableError as error:
                skipped[part] = str(error)
                continue
            for side, several in taken.items():
                measured[side].append(joined(several))
    ours, theirs = (_merged(measured[side]) for side in ("present", "base"))
    if not ours:
        raise UnreachableError("\n".join(f"{part}: {reason}" for part, reason in skipped.items()))
    return Comparison(base, tuple(changes(ours, theirs, paired=True)), interleaved=True, skipped=skipped)


def text(comparison: Comparison) -> Iterator[str]:
    """The comparison for a terminal: present over base, the interval, the verdict."""
    yield f"present over {comparison.base[:12]}; {_how(comparison)}"
    for change in comparison.changes:
        bounds = f"{change.low:.3g} to {change.high:.3g}" if change.rounds else ""
        yield f"  {change.name:<44} {change.ratio:>6.3f}  {bounds:<20}  {change.verdict}"
    for name, reason in comparison.skipped.items():
        yield f"skipped: {name} ({reason})"
    worse = len(comparison.worse)
    yield f"{worse} of {len(comparison.changes)} slower beyond noise and {TOLERANCE:.0%}"


def _how(comparison: Comparison) -> str:
    if comparison.interleaved:
        return "measured in turns, round by round; all intervals together hold with 95 %"
    return "from the history, ratios to peers only; all intervals together hold with 95 %; --fresh measures in turns"


def _steady(found: dict[str, Figure]) -> dict[str, Figure]:
    return {name: figure for name, figure in found.items() if figure.beside}


def _merged(parts: Sequence[dict[str, Figure]]) -> dict[str, Figure]:
    return {name: figure for part in parts for name, figure in part.items()}


def _measured(tree: Path, part: str, plan: Plan) -> dict[str, Any]:
    """One round of one part, in a process that has its code from `tree` alone."""
    with tempfile.TemporaryDirectory(prefix="cutover-bench-") as directory:
        file = Path(directory) / "found.json"
        command = [sys.executable, "-m", "loadtests.bench", part, "--rounds", "1", "--seconds", str(plan.seconds)]
        command += ["--streams", str(plan.streams), "--json", str(file), "--no-history"]
        done = subprocess.run(
            command,
            cwd=tree,
            env={**os.environ, "PYTHONPATH": str(tree)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no word"])[-1]
            raise UnreachableError(f"cannot be measured at {'base' if tree != TREE else 'present'}: {last[-300:]}")
        found: dict[str, Any] = json.loads(file.read_text())
        return found
