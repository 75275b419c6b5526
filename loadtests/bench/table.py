"""The numbers as a table for a terminal: ratios first, since only they travel from one machine to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from loadtests.bench.diff import lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

GOALS = {
    "nginx": 0.40,
    "plain": 30.0,
    "latency": 2.0,
    "first": 0.010,
    "socket": 40_000,
    "rate": 5_000,
    "summary": 1.0,
    "mitmdump": 0.9,
    "added_p50": 0.001,
    "added_p99": 0.005,
    "propagation": 100.0,
}
"""At least so many of nginx, of the plain pass-through, of a bare mitmdump, and observations a second.

At most so much of the rest (ratio, seconds, bytes; milliseconds until a flag change is obeyed).
"""


_SHOWN = 40
"""Functions of a profile that are printed; the JSON holds all."""


def text(found: Mapping[str, Any]) -> str:
    """Every part that was measured, and by name what was not."""
    shown = [*(_PARTS[part](found[part]) for part in _PARTS if part in found), _left(found.get("skipped", {}))]
    return "\n".join("\n".join(lines) + "\n" for lines in map(list, shown) if lines)


def _left(skipped: Mapping[str, str]) -> Iterable[str]:
    return [f"skipped: {name} ({reason})" for name, reason in skipped.items()]


def _throughput(part: Mapping[str, Any]) -> Iterable[str]:
    yield "32 connections, 1 KB; median of rounds"
    yield from _peers(part["peers"])
    for other, compared in part["gateway_per"].items():
        goal = f"  {verdict(compared['ratio'] >= GOALS[other])} >= {GOALS[other]:g}" if other in GOALS else ""
        rounds = " ".join(f"{ratio:.3g}" for ratio in compared["rounds"])
        yield f"  gateway / {other:<8} {compared['ratio']:.3g}{goal}   rounds: {rounds}"


def _latency(part: Mapping[str, Any]) -> Iterable[str]:
    yield "1 connection; median answer time, microseconds"
    yield from _peers(part["peers"])
    added = ", ".join(f"{name} {extra:.0f}" for name, extra in part["added"].items())
    if "ratio" in part:
        added += f"; gateway / nginx {part['ratio']:.2f}  {verdict(part['ratio'] <= GOALS['latency'])}"
        added += f" <= {GOALS['latency']:g}"
    yield f"  added to direct: {added}"


def _streams(part: Mapping[str, Any]) -> Iterable[str]:
    yield f"{part['gateway']['opened']} streams opened one by one while as many others were open; milliseconds"
    for name in ("direct", "gateway"):
        shown = part[name]
        yield (
            f"  {name:<8} first byte p50 {shown['first_p50'] * 1e3:.2f} p99 {shown['first_p99'] * 1e3:.2f},"
            f" each event p99 {shown['delay_p99'] * 1e3:.2f}, failed {shown['failed']}"
        )
    extra = part["added"]["first_p99"]
    yield f"  added first byte p99 {extra * 1e3:.2f}  {verdict(extra <= GOALS['first'])} <= {GOALS['first'] * 1e3:g}"


def _sockets(part: Mapping[str, Any]) -> Iterable[str]:
    held = verdict(part["each"] <= GOALS["socket"])
    yield f"{part['sockets']} idle WebSockets; bytes of memory"
    yield f"  gateway {part['before']:,} without them, {part['each']:,.0f} for each  {held} <= {GOALS['socket']:,}"


def _shadow(part: Mapping[str, Any]) -> Iterable[str]:
    yield "the shadow beside a bare mitmdump: 32 connections, then answer times at half of what the bare one managed"
    for name, own in part.items():
        if name.startswith("mitmdump"):
            yield (
                f"  {name}: {own['rate']:,.0f}/s ({own['ratio']:.2f}), cpu {own['cpu_microseconds']:,.0f} us;"
                f" at half p50 {own['p50'] * 1e3:.2f} p99 {own['p99'] * 1e3:.2f} ms"
            )
            continue
        added = ", ".join(
            f"{at[-3:]} {own[at] * 1e3:+.2f} {verdict(own[at] <= GOALS[at])}" for at in ("added_p50", "added_p99")
        )
        errors = f"  ERRORS {own['errors']}" if own["errors"] else ""
        yield (
            f"  {name:<16} {own['ratio']:.2f} of it  {verdict(own['ratio'] >= GOALS['mitmdump'])},"
            f" {own['ratio_busy']:.2f} beside a busy core, cpu {own['cpu_microseconds']:,.0f} us;"
            f" added ms: {added}{errors}"
        )
    p50, p99 = (GOALS[at] * 1e3 for at in ("added_p50", "added_p99"))
    yield f"  goals: >= {GOALS['mitmdump']:g}; p50 <= {p50:g}, p99 <= {p99:g}"


def _candidates(part: Mapping[str, Any]) -> Iterable[str]:
    yield "the same pass-through: server+transport, 32 connections; median of rounds"
    yield from _peers(part["peers"])


def _store(part: Mapping[str, Any]) -> Iterable[str]:
    yield f"{part['observed']:,} observations in the store"
    rate, summary = verdict(part["rate"] >= GOALS["rate"]), verdict(part["summary"] <= GOALS["summary"])
    beside = f"; {part['ratio']:.2f} of one table of a bare SQLite" if "ratio" in part else ""
    yield f"  written {part['rate']:,.0f}/s  {rate} >= {GOALS['rate']:,}{beside}"
    yield f"  what readiness needs {part['summary']:.3f} s  {summary} <= {GOALS['summary']:g}"
    yield f"  {part['bytes'] / 1e6:.1f} MB; {part['timed_bytes'] / 1e6:.1f} MB after {part['timed']:,}"


def _propagation(part: Mapping[str, Any]) -> Iterable[str]:
    yield f"a flag change until {part['gateways']} other processes obey it; milliseconds"
    held = verdict(part["gateway"]["p99"] <= GOALS["propagation"])
    yield f"  {_spread('gateway', part['gateway'])}  p99 {held} <= {GOALS['propagation']:g}"
    if "nginx" in part:
        yield f"  {_spread('nginx reload', part['nginx'])}; gateway / nginx {part['ratio']:.2f}"


def _spread(name: str, own: Mapping[str, float]) -> str:
    return f"{name:<12} p50 {own['p50']:.1f}, p99 {own['p99']:.1f}, most {own['most']:.1f} of {own['changes']}"


def _start(part: Mapping[str, Any]) -> Iterable[str]:
    yield "a start until the first answer, a command until its end; milliseconds, median of rounds"
    for name, took in part["median"].items():
        yield f"  {name:<16} {took:>8,.0f}"
    ratios = [f"gateway / {name} {ratio:.2f}" for name, ratio in part["gateway_per"].items()]
    ratios += [f"cutover --help / {name} {ratio:.2f}" for name, ratio in part["help_per"].items()]
    yield "  " + ", ".join(ratios)


def _profile(part: Mapping[str, Any]) -> Iterable[str]:
    yield f"where {part['cpu_microseconds']:.0f} us of processor time a request go ({part['samples']} samples)"
    yield "  with what it calls, us                                   itself, us"
    own = [pair for pair in part["within"].items() if pair[0].startswith("gateway/")]
    alone = list(part["itself"].items())
    for (one, inclusive), (two, exclusive) in zip(own[:_SHOWN], alone[:_SHOWN], strict=False):
        yield f"  {inclusive:6.1f} {_short(one):<50} {exclusive:5.1f} {_short(two)}"


def _short(name: str) -> str:
    place, _, function = name.partition(":")
    return f"{place.rpartition('/')[2].removesuffix('.py')} {function}"[-48:]


def _peers(peers: Mapping[str, Any]) -> Iterable[str]:
    for name, figures in peers.items():
        errors = f"  ERRORS {figures['errors']}" if figures["errors"] else ""
        yield (
            f"  {name:<18} {figures['rate']:>9,.0f}/s  p50 {figures['p50']:>7,.0f} us  p99 {figures['p99']:>8,.0f} us"
            f"  cpu {figures['cpu_microseconds']:>6,.0f} us{errors}"
        )


def verdict(held: bool) -> str:  # noqa: FBT001 - what it says
    """How a goal is said to be met."""
    return "met" if held else "MISSED"


_PARTS: dict[str, Callable[[Mapping[str, Any]], Iterable[str]]] = {
    "throughput": _throughput,
    "latency": _latency,
    "streams": _streams,
    "sockets": _sockets,
    "shadow": _shadow,
    "candidates": _candidates,
    "store": _store,
    "profile": _profile,
    "diff": lines,
    "propagation": _propagation,
    "start": _start,
}
