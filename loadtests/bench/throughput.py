"""Requests a second at many connections, in interleaved rounds: A B C D, then again.

A machine's mood changes by the minute, so peers are compared within a round, and the ratio is of medians over rounds.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from loadtests.bench.cores import cpu_seconds
from loadtests.bench.wrk import Sample, load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from loadtests.bench.cores import Cores
    from loadtests.bench.peers import Peer


@dataclass(frozen=True, slots=True)
class Round:
    """One run against one peer: what wrk saw, and the processor time that the peer took meanwhile, in seconds."""

    sample: Sample
    cpu: float

    @property
    def cpu_microseconds(self) -> float:
        """Processor time of the peer per request."""
        return self.cpu * 1e6 / max(1, self.sample.requests)


Rounds = dict[str, list[Round]]
"""By the peer's name, in the order of the rounds."""


def interleaved(
    cores: Cores,
    peers: Mapping[str, Peer],
    script: Path,
    *,
    connections: int,
    rounds: int,
    seconds: float,
    say: Callable[[str], None] = lambda _: None,
) -> Rounds:
    """Ask every peer in turn, `rounds` times for `seconds` each, after one unmeasured turn.

    Raises:
        UnreachableError: a peer could not be connected to.
    """
    for peer in peers.values():
        load(cores, peer.base, script, connections=connections, seconds=min(1.0, seconds))
    found: Rounds = {name: [] for name in peers}
    for number in range(rounds):
        for name, peer in peers.items():
            before, started = cpu_seconds(peer.pid), time.monotonic()
            sample = load(cores, peer.base, script, connections=connections, seconds=seconds)
            found[name].append(Round(sample, cpu_seconds(peer.pid) - before))
            took = time.monotonic() - started
            say(f"round {number + 1}: {name} {sample.rate:,.0f}/s in {took:.1f} s")
    return found


def rate(rounds: list[Round]) -> float:
    """The median of requests a second."""
    return median(one.sample.rate for one in rounds)


def ratio(rounds: Rounds, name: str, other: str) -> float:
    """Requests a second of one peer per request a second of another, medians of all rounds."""
    below = rate(rounds[other])
    return rate(rounds[name]) / below if below else 0.0


def ratios(rounds: Rounds, name: str, other: str) -> list[float]:
    """The same within each round."""
    pairs = zip(rounds[name], rounds[other], strict=True)
    return [one.sample.rate / two.sample.rate if two.sample.rate else 0.0 for one, two in pairs]


def added(rounds: Rounds, name: str, direct: str) -> float:
    """Microseconds that a peer adds to the median answer time of the direct path, median over rounds."""
    pairs = zip(rounds[name], rounds[direct], strict=True)
    return median(one.sample.p50 - two.sample.p50 for one, two in pairs)
