"""The shadow's primary path beside a bare mitmdump, by stage and by what the gateway's side does to the copies.

Both proxies stand on the measured core before the same service; what makes the copies shares the other core with the
load.
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import asdict, dataclass, field
from itertools import product
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from gateway.core.errors import UnreachableError
from gateway.core.routes import Stage
from gateway.flags.flag import Flag
from gateway.flags.store import FlagStore
from gateway.store.database import open_store
from loadtests.bench import configs
from loadtests.bench.child import free_ports, running
from loadtests.bench.cores import bind, cpu_seconds, descendants, prefer
from loadtests.bench.paced import Order, paced
from loadtests.bench.peers import DIRECT, Peer, peers, preset, tokens
from loadtests.bench.stand_in import DEAD, MANNERS
from loadtests.bench.throughput import Round
from loadtests.bench.wrk import load, script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from loadtests.bench.cores import Cores

BARE, BUSY = "mitmdump", "mitmdump beside a busy core"
"""The bare proxy while the other core has little to do, and while it works as hard as it does when copies are made:
two cores of one machine often share what they work with, so that each is slower while the other is busy."""
ROUTE = "deployments.list"
TARGET = "/deployment/deployments?org_id=bench-org"
STAGES = (Stage.LEGACY, Stage.SHADOW)
HALF = 0.5
"""The share of what the bare proxy manages at which answer times are taken."""
CONNECTIONS = 32
_SPINNING = (sys.executable, "-c", "while True: pass")
_LANES = 8
"""Connections of the paced load: each asks again only when it was answered."""


@dataclass
class Seen:
    """What one peer did over the rounds: at full load, and by seconds an answer took at half of it."""

    full: list[Round] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    errors: int = 0


@dataclass(frozen=True)
class Stand:
    """The running peers, the port of the gateway's side, and the store that says where the route stands."""

    bare: Peer
    shadow: Peer
    candidate: int
    store: Path

    def move(self, stage: Stage) -> None:
        """Have the route at a stage, which the proxy takes over within 100 ms."""
        connection = open_store(self.store)
        try:
            flags = FlagStore(connection)
            flags.change([Flag(ROUTE, stage, by="bench", reason="bench")], expected=flags.snapshot())
        finally:
            connection.close()


def shadow(
    directory: Path, cores: Cores, *, rounds: int, seconds: float, say: Callable[[str], None]
) -> dict[str, Any]:
    """Throughput as a share of the bare proxy's, and milliseconds added to its answer times at half its load.

    Raises:
        UnreachableError: a peer did not start, or did not answer.
    """
    asked = directory / "ask.lua"
    asked.write_text(script(TARGET, tokens()))
    seen: dict[str, Seen] = {
        BARE: Seen(),
        BUSY: Seen(),
        **{f"{stage} {manner}": Seen() for stage, manner in _situations()},
    }
    with _standing(directory, cores) as stand:
        for peer in (stand.bare, stand.shadow):
            load(cores, peer.base, asked, connections=CONNECTIONS, seconds=min(1.0, seconds))
        for number in range(rounds):
            pace = _measured(cores, stand.bare, asked, seconds, seen[BARE], pace=0.0)
            with running(cores.on_load("nice", "-n", "10", *_SPINNING), directory / "busy.log"):
                _measured(cores, stand.bare, asked, seconds, seen[BUSY], pace=pace)
            for stage, manner in _situations():
                with _behaving(directory, cores, manner, stand.candidate):
                    stand.move(stage)
                    _measured(cores, stand.shadow, asked, seconds, seen[f"{stage} {manner}"], pace=pace)
                say(f"round {number + 1}: {stage} {manner} {seen[f'{stage} {manner}'].full[-1].sample.rate:,.0f}/s")
    return {name: _figures(own, seen) for name, own in seen.items()}


def _situations() -> Iterator[tuple[Stage, str]]:
    return product(STAGES, MANNERS)


def _measured(cores: Cores, peer: Peer, asked: Path, seconds: float, seen: Seen, *, pace: float) -> float:
    """A run at full load, then one at half of it; the pace is the bare proxy's own where none is given."""
    before = cpu_seconds(peer.pid)
    sample = load(cores, peer.base, asked, connections=CONNECTIONS, seconds=seconds)
    seen.full.append(Round(sample, cpu_seconds(peer.pid) - before))
    half = pace or max(1.0, HALF * sample.rate)
    order = Order(peer.base, TARGET, tokens(), half, _LANES, seconds)
    answered = paced(cores, order)
    ordered = sorted(answered.took) or [0.0]
    seen.p50.append(ordered[len(ordered) // 2])
    seen.p99.append(ordered[int(len(ordered) * 0.99)])
    seen.errors += sample.errors + answered.errors
    return half


def _figures(own: Seen, seen: dict[str, Seen]) -> dict[str, Any]:
    """Medians over rounds of what stands beside the same round of the bare proxy."""
    bare = seen[BARE]
    return {
        "rate": median(one.sample.rate for one in own.full),
        "cpu_microseconds": median(one.cpu_microseconds for one in own.full),
        "ratio": _share(own, bare),
        "ratio_busy": _share(own, seen[BUSY]),
        "p50": median(own.p50),
        "p99": median(own.p99),
        "added_p50": median(one - two for one, two in zip(own.p50, bare.p50, strict=True)),
        "added_p99": median(one - two for one, two in zip(own.p99, bare.p99, strict=True)),
        "errors": own.errors,
        "rounds": [asdict(one.sample) for one in own.full],
    }


def _share(own: Seen, other: Seen) -> float:
    return median(one.sample.rate / max(1.0, two.sample.rate) for one, two in zip(own.full, other.full, strict=True))


@contextlib.contextmanager
def _standing(directory: Path, cores: Cores) -> Iterator[Stand]:
    with peers(directory, cores) as started, contextlib.ExitStack() as stack:
        legacy = started[DIRECT].base
        prefer(started[DIRECT].pid)
        bare, *ports = free_ports(9)
        command = cores.on_peer(
            _mitmdump(), "-q", "--set", f"confdir={directory}/bare", "--mode", f"reverse:{legacy}@127.0.0.1:{bare}"
        )
        bare_pid = stack.enter_context(running(command, directory / "bare.log", port=bare))
        text, listener, candidate = configs.shadow(preset(directory), ports=ports, upstream=legacy)
        config, store = directory / "cutover.yaml", directory / "cutover.db"
        config.write_text(text)
        command = cores.on_load(
            sys.executable, "-m", "migrate", "shadow", "--config", str(config), "--store", str(store)
        )
        parent = stack.enter_context(running(command, directory / "shadow.log", port=listener))
        proxy = _child(parent, "mitmdump")
        bind(proxy, cores.peer)
        peer = Peer("shadow", f"http://127.0.0.1:{listener}", proxy)
        yield Stand(Peer(BARE, f"http://127.0.0.1:{bare}", bare_pid), peer, candidate, store)


@contextlib.contextmanager
def _behaving(directory: Path, cores: Cores, manner: str, port: int) -> Iterator[None]:
    if manner == DEAD:
        yield
        return
    command = cores.on_load(sys.executable, "-m", "loadtests.bench.stand_in", manner, str(port))
    with running(command, directory / "stand-in.log", port=port):
        yield


def _mitmdump() -> str:
    return str(Path(sys.executable).parent / "mitmdump")


def _child(parent: int, word: str) -> int:
    for pid in descendants(parent):
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if any(part.rpartition(b"/")[2] == word.encode() for part in command):
            return pid
    raise UnreachableError(f"the shadow has no child {word}")
