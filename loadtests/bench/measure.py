"""All parts of the benchmark, one after the other, as one JSON value."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from gateway.core.errors import UnreachableError, UsageError
from loadtests.bench.child import free_ports, running
from loadtests.bench.cores import cpu_seconds
from loadtests.bench.diff import differences
from loadtests.bench.installed import absent
from loadtests.bench.peers import DIRECT, GATEWAY, HAPROXY, NGINX, PLAIN, PROGRAMS, TARGET, Peer, peers, tokens
from loadtests.bench.propagation import propagation
from loadtests.bench.shadow import shadow
from loadtests.bench.sockets import sockets
from loadtests.bench.start import cold_start
from loadtests.bench.store import MILLION, store
from loadtests.bench.throughput import added, interleaved, rate, ratio, ratios
from loadtests.bench.wrk import load, script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from loadtests.bench.cores import Cores
    from loadtests.bench.throughput import Rounds

    Say = Callable[[str], None]

CONNECTIONS = 32
_PACE = 100.0
_USUAL = 21.0
"""Seconds of load in a run of the usual length."""
_PAIRS = (("own", "own"), ("own", "aiohttp"), ("own", "httpx"), ("uvicorn", "own"), ("granian", "own"))
"""Servers with transports."""
_STREAM = "/api/v1/bench/stream"


@dataclass(frozen=True, slots=True)
class Plan:
    """Which parts, how many rounds of how many seconds, how many streams."""

    parts: tuple[str, ...]
    rounds: int
    seconds: float
    streams: int


def measure(plan: Plan, directory: Path, cores: Cores, *, say: Say) -> dict[str, Any]:
    """What the parts of the plan found, by name; `skipped` says of parts and peers that are left out, why.

    Raises:
        UsageError: there is no such part.
        UnreachableError: a peer did not start, or no part can be measured here.
    """
    strange = [part for part in plan.parts if part not in _PARTS]
    if strange:
        raise UsageError(f"no such part: {', '.join(strange)}; there are {', '.join(PARTS)}")
    skipped = _skipped(plan.parts)
    parts = [part for part in plan.parts if part not in skipped]
    if not parts:
        raise UnreachableError("; ".join(f"{part} needs {reason}" for part, reason in skipped.items()))
    found: dict[str, Any] = {"plan": asdict(plan), "skipped": skipped}
    for part in parts:
        place = directory / part
        place.mkdir()
        found[part] = _PARTS[part](plan, place, cores, say)
    return found


def _skipped(parts: Iterable[str]) -> dict[str, str]:
    """Parts that cannot be measured here, and peers that will be missing in the others, each with the reason."""
    found = {part: absent(*NEEDS.get(part, ())) for part in parts}
    left = {part: f"{' and '.join(names)}: not installed" for part, names in found.items() if names}
    wanted = {peer for part in parts if part not in left for peer in _BESIDE.get(part, ())}
    return left | {peer: "not installed" for peer in sorted(wanted) if absent(PROGRAMS[peer])}


def throughput(plan: Plan, directory: Path, cores: Cores, say: Say) -> dict[str, Any]:
    """The gateway beside its peers at 32 connections."""
    rounds = _rounds(plan, directory, cores, say, NGINX, HAPROXY, GATEWAY, PLAIN)
    compared = {other: _compared(rounds, other) for other in (NGINX, HAPROXY, PLAIN) if other in rounds}
    return {"peers": _figures(rounds), "gateway_per": compared}


def latency(plan: Plan, directory: Path, cores: Cores, say: Say) -> dict[str, Any]:
    """What nginx and the gateway add to the median answer time of one connection, in microseconds."""
    rounds = _rounds(plan, directory, cores, say, NGINX, GATEWAY, connections=1)
    extra = {name: added(rounds, name, DIRECT) for name in (NGINX, GATEWAY) if name in rounds}
    found = {"peers": _figures(rounds), "added": extra}
    return found | ({"ratio": extra[GATEWAY] / extra[NGINX]} if extra.get(NGINX) else {})


def streams(plan: Plan, directory: Path, cores: Cores, say: Say) -> dict[str, Any]:
    """How much later than directly the first byte of a stream comes while `plan.streams` others are open."""
    (port,) = free_ports(1)
    serving = cores.on_load(sys.executable, "-m", "loadtests.bench.streams", "serve", str(port))
    with (
        running(serving, directory / "source.log", port=port),
        peers(directory, cores, GATEWAY, streams=port) as started,
    ):
        found = {}
        for name, base in ((DIRECT, f"http://127.0.0.1:{port}"), (GATEWAY, started[GATEWAY].base)):
            say(f"streams: {name}")
            found[name] = _held(cores, base + _STREAM, plan.streams)
    extra = {at: found[GATEWAY][at] - found[DIRECT][at] for at in ("first_p50", "first_p99", "delay_p99")}
    return {**found, "added": extra}


def idle_sockets(plan: Plan, directory: Path, cores: Cores, say: Say) -> dict[str, Any]:
    """What each of `plan.streams` open and silent WebSockets costs the gateway, in bytes."""
    say("sockets: gateway")
    return sockets(directory, cores, plan.streams)


def observations(plan: Plan, directory: Path, _cores: Cores, say: Say) -> dict[str, Any]:
    """How fast the store takes observations and tells what they prove: a million, fewer in a shorter run."""
    total = int(MILLION * min(1.0, plan.rounds * plan.seconds / _USUAL))
    say(f"store: {total:,} observations")
    return store(directory, total, max(1, total // 5))


def shadowed(plan: Plan, directory: Path, cores: Cores, say: Say) -> dict[str, Any]:
    """The shadow's primary path beside a bare mitmdump."""
    return shadow(directory, cores, rounds=plan.rounds, seconds=plan.seconds, say=say)


def propagated(plan: Plan, directory: Path, cores: Cores, say: Say) -> dict[str, Any]:
    """How long a flag change takes to be obeyed."""
    return propagation(directory, cores, rounds=plan.rounds, seconds=plan.seconds, say=say)


def started(plan: Plan, directory: Path, cores: Cores, say: Say) -> dict[str, Any]:
    """How long starts take."""
    return cold_start(directory, cores, rounds=plan.rounds, say=say)


def profile(plan: Plan, directory: Path, cores: Cores, say: Say) -> dict[str, Any]:
    """Where the gateway's processor time goes: by function, in microseconds of a request."""
    asked, seen = directory / "ask.lua", directory / "seen.json"
    asked.write_text(script(TARGET, tokens()))
    with peers(directory, cores, GATEWAY, sampled=seen) as started:
        gateway = started[GATEWAY]
        load(cores, gateway.base, asked, connections=CONNECTIONS, seconds=1.0)
        say("profile: gateway")
        os.kill(gateway.pid, signal.SIGUSR1)
        before = cpu_seconds(gateway.pid)
        sample = load(cores, gateway.base, asked, connections=CONNECTIONS, seconds=plan.rounds * plan.seconds)
        each = (cpu_seconds(gateway.pid) - before) * 1e6 / max(1, sample.requests)
        os.kill(gateway.pid, signal.SIGUSR2)
    found = json.loads(seen.read_text())
    cost = each / max(1, found["taken"])
    return {
        "cpu_microseconds": each,
        "samples": found["taken"],
        "within": {name: count * cost for name, count in sorted(found["within"].items(), key=lambda pair: -pair[1])},
        "itself": {name: count * cost for name, count in sorted(found["itself"].items(), key=lambda pair: -pair[1])},
    }


def candidates(plan: Plan, directory: Path, cores: Cores, say: Say) -> dict[str, Any]:
    """The same pass-through over each transport, and under each server."""
    asked = directory / "ask.lua"
    asked.write_text(script(TARGET, tokens()))
    with peers(directory, cores) as started, contextlib.ExitStack() as stack:
        for server, transport in _PAIRS:
            (port,) = free_ports(1)
            command = cores.on_peer(sys.executable, "-m", "loadtests.bench.candidates.serve", server, str(port))
            environment = {"BENCH_UPSTREAM": started[DIRECT].base, "BENCH_TRANSPORT": transport}
            log = directory / f"{server}-{transport}.log"
            pid = stack.enter_context(running(command, log, port=port, environment=environment))
            name = f"{server}+{transport}"
            started[name] = Peer(name, f"http://127.0.0.1:{port}", pid)
        rounds = interleaved(
            cores, started, asked, connections=CONNECTIONS, rounds=plan.rounds, seconds=plan.seconds, say=say
        )
    return {"peers": _figures(rounds)}


def _rounds(
    plan: Plan, directory: Path, cores: Cores, say: Say, *names: str, connections: int = CONNECTIONS
) -> Rounds:
    asked = directory / "ask.lua"
    asked.write_text(script(TARGET, tokens()))
    with peers(directory, cores, *names) as started:
        return interleaved(
            cores, started, asked, connections=connections, rounds=plan.rounds, seconds=plan.seconds, say=say
        )


def _figures(rounds: Rounds) -> dict[str, Any]:
    return {
        name: {
            "rate": rate(own),
            "cpu_microseconds": median(one.cpu_microseconds for one in own),
            "p50": median(one.sample.p50 for one in own),
            "rounds": [asdict(one.sample) | {"cpu_microseconds": one.cpu_microseconds} for one in own],
            "p99": median(one.sample.p99 for one in own),
            "errors": sum(one.sample.errors for one in own),
        }
        for name, own in rounds.items()
    }


def _compared(rounds: Rounds, other: str) -> dict[str, Any]:
    return {"ratio": ratio(rounds, GATEWAY, other), "rounds": ratios(rounds, GATEWAY, other)}


def _held(cores: Cores, url: str, count: int) -> dict[str, Any]:
    asked = {"url": url, "tokens": tokens(), "streams": count, "opened": count, "pace": max(_PACE, count / 10)}
    command = cores.on_load(sys.executable, "-m", "loadtests.bench.streams", "hold")
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=False)
    if done.returncode:
        raise UnreachableError(f"streams from {url}: {done.stderr.strip()[-400:]}")
    seen = json.loads(done.stdout)
    return {
        "first_p50": percentile(seen["first"], 50),
        "first_p99": percentile(seen["first"], 99),
        "delay_p99": percentile(seen["delays"], 99),
        "opened": len(seen["first"]),
        "failed": seen["failed"],
    }


def percentile(values: list[float], percent: float) -> float:
    """The smallest value that `percent` of all do not exceed, in the values' own unit; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


_PARTS: dict[str, Callable[[Plan, Path, Cores, Say], dict[str, Any]]] = {
    "throughput": throughput,
    "latency": latency,
    "streams": streams,
    "sockets": idle_sockets,
    "shadow": shadowed,
    "candidates": candidates,
    "store": observations,
    "profile": profile,
    "diff": lambda plan, _directory, _cores, say: differences(plan.rounds, say),
    "propagation": propagated,
    "start": started,
}
PARTS = tuple(_PARTS)
NEEDS = {
    **dict.fromkeys(("throughput", "latency", "shadow", "candidates", "profile"), ("wrk", "taskset")),
    **dict.fromkeys(("streams", "sockets", "propagation", "start"), ("taskset",)),
}
"""Programs without which a part has nothing to say."""
_BESIDE = {
    "throughput": (NGINX, HAPROXY),
    "latency": (NGINX,),
    "propagation": (NGINX,),
    "start": (NGINX, HAPROXY),
}
"""Programs of others that a part measures beside ours; it goes without those that are not installed."""
