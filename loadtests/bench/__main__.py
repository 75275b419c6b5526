"""`python -m loadtests.bench`: measure, print ratios, keep every round in a history; or compare, or print a table."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.core.errors import CutoverError
from loadtests.bench.commit import present
from loadtests.bench.compare import compare
from loadtests.bench.compare import text as compared
from loadtests.bench.cores import two_cores
from loadtests.bench.history import Run, append, place, read
from loadtests.bench.machine import describe
from loadtests.bench.markdown import markdown
from loadtests.bench.measure import PARTS, Plan, measure
from loadtests.bench.table import text

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUICK = ("throughput", "latency", "propagation", "start")
"""What is compared when no part is named: what has peers, and does not take minutes a round."""
_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """0: there are numbers, or nothing became slower; 1: something did; 2 to 4: as everywhere; 130: interrupted."""
    given = _parser().parse_args(arguments)
    with suppress(ValueError):  # only the main thread may
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if given.compare is not None:
            return _comparison(given)
        return _table(given) if given.markdown else _measured(given)
    except CutoverError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("interrupted; everything started was ended, nothing was kept\n")
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"which of {', '.join(PARTS)}; all if none is named")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one run against one peer")
    parser.add_argument("--streams", type=int, default=1000, help="event streams held open at a time")
    parser.add_argument("--json", type=Path, help="write the numbers here too")
    parser.add_argument("--history", type=Path, metavar="DIR", help="instead of $XDG_STATE_HOME/cutover/bench")
    parser.add_argument("--no-history", action="store_true", help="keep nothing")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument(
        "--compare", metavar="COMMIT", help="against another commit; exit code 1 if slower beyond noise"
    )
    mode.add_argument(
        "--markdown", action="store_true", help="print README's table from the history; measure nothing"
    )
    parser.add_argument("--fresh", action="store_true", help="with --compare: measure even what the history knows")
    return parser


def _measured(given: argparse.Namespace) -> int:
    plan = _plan(given, PARTS)
    with tempfile.TemporaryDirectory(prefix="cutover-bench-") as directory:
        found = measure(plan, Path(directory), two_cores(), say=_say)
    if given.json:
        given.json.parent.mkdir(parents=True, exist_ok=True)
        given.json.write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write(text(found))
    for line in _kept(given, Run(present(), datetime.now(UTC).isoformat(timespec="seconds"), describe(), found)):
        sys.stdout.write(line)
    return 0


def _kept(given: argparse.Namespace, run: Run) -> Iterator[str]:
    if given.json:
        yield f"\nnumbers: {given.json}\n"
    if not given.no_history:
        yield f"\nhistory: {append(_history(given), run)}\n"


def _comparison(given: argparse.Namespace) -> int:
    comparison = compare(given.compare, _plan(given, _QUICK), _history(given), fresh=given.fresh, say=_say)
    sys.stdout.write("\n".join(compared(comparison)) + "\n")
    return 1 if comparison.worse else 0


def _table(given: argparse.Namespace) -> int:
    sys.stdout.write(markdown(read(_history(given))))
    return 0


def _plan(given: argparse.Namespace, usual: tuple[str, ...]) -> Plan:
    return Plan(tuple(given.parts) or usual, given.rounds, given.seconds, given.streams)


def _history(given: argparse.Namespace) -> Path:
    return given.history or place(os.environ)


def _say(line: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(line + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
