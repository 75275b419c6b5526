"""A process that records without end, as a shadow's worker does, and says what is safe: for tests that kill it."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from gateway.core.observation import Difference, DifferenceKind, Observation, Verdict
from gateway.core.retention import Retention
from shadow.recorder import Recorder

BATCH = 50


def observation(writer: str, number: int) -> Observation:
    """The observation of a number: every fifth differs, a subject a minute."""
    differences = (
        (Difference("body", f"$[{number}].name", DifferenceKind.CHANGED, "a", "b"),) if number % 5 == 0 else ()
    )
    return Observation(
        id=f"{writer}-{number}",
        route=f"route.{number % 7}",
        at=1_800_000_000.0 + 60 * number,
        verdict=Verdict.MISMATCH if differences else Verdict.MATCH,
        mode="read",
        source="live",
        digest="d",
        subject=writer,
        shape="query:limit",
        legacy_status=200,
        gateway_status=200,
        legacy_seconds=0.01,
        gateway_seconds=0.01,
        differences=differences,
        legacy={"body": "x" * 500},
    )


def main(path: Path, writer: str, limit: int) -> None:
    """Record batch after batch until `limit`; a line with the count follows each that is stored."""
    recorder = Recorder(path, Retention(samples=6))
    for start in range(0, limit, BATCH):
        for number in range(start, start + BATCH):
            recorder.observed(observation(writer, number))
        while not recorder.write(batch := recorder.take()):
            recorder.put_back(batch)
            time.sleep(0.05)
        sys.stdout.write(f"{start + BATCH}\n")
        sys.stdout.flush()
    recorder.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
