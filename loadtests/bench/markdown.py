"""The newest run as the table that README shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.core.errors import RefusedError
from loadtests.bench.table import GOALS, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from loadtests.bench.history import Run

_HEAD = "| what | measured | goal |\n|---|---|---|\n"


def markdown(runs: Sequence[Run]) -> str:
    """Of each part the newest figures on the machine of the last run, with where they come from and what is missing.

    Raises:
        RefusedError: nothing was measured yet.
    """
    if not runs:
        raise RefusedError("the history is empty; run `make bench` first")
    last = runs[-1]
    parts: dict[str, Run] = {}
    skipped: dict[str, str] = {}
    for run in runs:
        if run.machine.get("id") == last.machine.get("id"):
            parts |= {part: run for part in _ROWS if part in run.found}
            skipped = {name: why for name, why in skipped.items() if name not in run.found}
            skipped |= run.found.get("skipped", {})
    rows = [row for part, take in _ROWS.items() if part in parts for row in take(parts[part].found[part])]
    return _HEAD + "\n".join(rows) + "\n\n" + " ".join(_source(last, parts, skipped)) + "\n"


def _source(last: Run, parts: Mapping[str, Run], skipped: Mapping[str, str]) -> Iterator[str]:
    machine = last.machine
    days = sorted({run.at[:10] for run in parts.values()})
    commits = sorted({run.commit[:10] + run.commit[40:] for run in parts.values()})
    span = " to ".join(dict.fromkeys((days[0], days[-1]))) if days else last.at[:10]
    yield f"`make bench` on {span} at {', '.join(commits)}: {machine['cores']} cores of {machine['processor']},"
    yield f"Python {machine['python']}, load average {machine['load']:g} at the end."
    if skipped:
        yield f"Skipped: {', '.join(f'{name} ({why})' for name, why in sorted(skipped.items()))}."


def _row(what: str, measured: str, goal: str = "") -> str:
    return f"| {what} | {measured} | {goal} |"


def _throughput(part: Mapping[str, Any]) -> Iterator[str]:
    shares = part["gateway_per"]
    for other, name in (("nginx", "nginx `proxy_pass`"), ("haproxy", "HAProxy"), ("plain", "FastAPI+httpx")):
        if other in shares:
            ratio, rounds = shares[other]["ratio"], shares[other]["rounds"]
            goal = f">= {GOALS[other]:g}, {verdict(ratio >= GOALS[other])}" if other in GOALS else ""
            spread = f"{ratio:.3g} ({min(rounds):.3g} to {max(rounds):.3g})"
            yield _row(f"Gateway's requests/s on one core, everything on, of {name}", spread, goal)


def _latency(part: Mapping[str, Any]) -> Iterator[str]:
    if "ratio" in part:
        held = f"<= {GOALS['latency']:g}, {verdict(part['ratio'] <= GOALS['latency'])}"
        extra = part["added"]
        text = f"{part['ratio']:.2f} ({extra['gateway']:.0f} beside {extra['nginx']:.0f} us)"
        yield _row("Median latency added at one connection, of what nginx adds", text, held)


def _streams(part: Mapping[str, Any]) -> Iterator[str]:
    extra = part["added"]["first_p99"]
    goal = f"<= {GOALS['first'] * 1e3:g} ms, {verdict(extra <= GOALS['first'])}"
    yield _row(f"{part['gateway']['opened']} event streams: first byte added, p99", f"{extra * 1e3:.1f} ms", goal)


def _sockets(part: Mapping[str, Any]) -> Iterator[str]:
    goal = f"<= {GOALS['socket'] / 1e3:g} kB, {verdict(part['each'] <= GOALS['socket'])}"
    yield _row("An idle WebSocket", f"{part['each'] / 1e3:.1f} kB", goal)


def _shadow(part: Mapping[str, Any]) -> Iterator[str]:
    ratios = [own["ratio"] for name, own in part.items() if not name.startswith("mitmdump")]
    goal = f">= {GOALS['mitmdump']:g}, {verdict(min(ratios) >= GOALS['mitmdump'])}"
    yield _row("Throughput through the shadow, of a bare mitmdump", f"{min(ratios):.2f} to {max(ratios):.2f}", goal)


def _diff(part: Mapping[str, Any]) -> Iterator[str]:
    for name, what in (("equal", "10 KB of equal JSON"), ("rows", "200 shuffled rows, 80 changed")):
        ours, theirs = part["ours"][name], part["deepdiff"][name]
        yield _row(f"Comparing {what}, DeepDiff's time per ours", f"{theirs / ours:,.0f} ({ours:.3g} ms)")


def _store(part: Mapping[str, Any]) -> Iterator[str]:
    rate, summary = part["rate"], part["summary"]
    goal = f">= {GOALS['rate']:,}, {verdict(rate >= GOALS['rate'])}"
    beside = f"; {part['ratio']:.2f} of one table of a bare SQLite" if "ratio" in part else ""
    yield _row("Observations written a second", f"{rate:,.0f}{beside}", goal)
    goal = f"<= {GOALS['summary']:g} s, {verdict(summary <= GOALS['summary'])}"
    yield _row(f"What `cutover routes` needs of {part['observed']:,} observations", f"{summary:.2f} s", goal)


def _propagation(part: Mapping[str, Any]) -> Iterator[str]:
    own = part["gateway"]
    goal = f"p99 <= {GOALS['propagation']:g} ms, {verdict(own['p99'] <= GOALS['propagation'])}"
    beside = f"; {part['ratio']:.2f} of a reload of nginx" if "ratio" in part else ""
    text = f"median {own['p50']:.0f} ms, p99 {own['p99']:.0f} ms{beside}"
    yield _row(f"A flag change, until {part['gateways']} other processes obey it", text, goal)


def _start(part: Mapping[str, Any]) -> Iterator[str]:
    took, per = part["median"], part["gateway_per"]
    beside = ", ".join(f"{ratio:.1f} of {name}" for name, ratio in per.items() if name in {"plain", "nginx"})
    yield _row("`cutover gateway`, from start to first answer", f"{took['gateway']:.0f} ms; {beside}")
    beside = f"{part['help_per']['uvicorn --help']:.1f} of `uvicorn --help`"
    yield _row("`cutover --help`", f"{took['cutover --help']:.0f} ms; {beside}")


_ROWS: dict[str, Callable[[Mapping[str, Any]], Iterator[str]]] = {
    "throughput": _throughput,
    "latency": _latency,
    "streams": _streams,
    "sockets": _sockets,
    "shadow": _shadow,
    "diff": _diff,
    "store": _store,
    "propagation": _propagation,
    "start": _start,
}
