"""`python -m loadtests.bench`: measure, print ratios, write JSON."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from gateway.core.errors import CutoverError
from loadtests.bench.cores import two_cores
from loadtests.bench.measure import PARTS, Plan, measure
from loadtests.bench.table import text

DEFAULT_JSON = Path(".cutover/bench.json")


def main(arguments: list[str] | None = None) -> int:
    """Measure the parts that are asked for; the exit code says only whether there were numbers."""
    parser = argparse.ArgumentParser(prog="python -m loadtests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"which of {', '.join(PARTS)}; all if none is named")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3.0, help="of one run against one peer")
    parser.add_argument("--streams", type=int, default=1000, help="event streams held open at a time")
    parser.add_argument("--json", type=Path, default=DEFAULT_JSON, help="where the numbers go")
    given = parser.parse_args(arguments)
    plan = Plan(tuple(given.parts) or PARTS, given.rounds, given.seconds, given.streams)
    try:
        with tempfile.TemporaryDirectory(prefix="cutover-bench-") as directory:
            found = measure(plan, Path(directory), two_cores(), say=_say)
    except CutoverError as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write(text(found))
    sys.stdout.write(f"\nnumbers: {given.json}\n")
    return 0


def _say(line: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(line + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
