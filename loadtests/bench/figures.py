"""What a run found as figures that can be compared: each with one value for each round."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

MORE, LESS = "more", "less"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a part: its value in each round, whether more or less of it is better.

    `beside` says that it was taken as a ratio to a peer in the same round, so that a machine's mood is not in it.
    """

    name: str
    values: tuple[float, ...]
    better: str
    beside: bool = False


def figures(found: Mapping[str, Any]) -> dict[str, Figure]:
    """All figures of all parts by name, such as `throughput: gateway / nginx`."""
    out = {}
    for part, take in _PARTS.items():
        if part in found:
            for figure in take(found[part]):
                name = f"{part}: {figure.name}"
                out[name] = Figure(name, figure.values, figure.better, figure.beside)
    return out


def joined(several: Sequence[Mapping[str, Figure]]) -> dict[str, Figure]:
    """Figures of several runs as those of one: its rounds are theirs, one after the other."""
    out: dict[str, Figure] = {}
    for one in several:
        for name, figure in one.items():
            before = out[name].values if name in out else ()
            out[name] = Figure(name, before + figure.values, figure.better, figure.beside)
    return out


def _throughput(part: Mapping[str, Any]) -> Iterator[Figure]:
    for other, compared in part["gateway_per"].items():
        yield Figure(f"gateway / {other}", tuple(compared["rounds"]), MORE, beside=True)
    yield from _gateway(part, "requests/s")


def _latency(part: Mapping[str, Any]) -> Iterator[Figure]:
    rounds = {name: [one["p50"] for one in peer["rounds"]] for name, peer in part["peers"].items()}
    pairs = zip(rounds["gateway"], rounds["direct"], strict=True)
    yield Figure("gateway p50 / direct", tuple(one / two for one, two in pairs if two), LESS, beside=True)
    yield Figure("gateway p50 us", tuple(rounds["gateway"]), LESS)


def _gateway(part: Mapping[str, Any], name: str) -> Iterator[Figure]:
    rounds = part["peers"]["gateway"]["rounds"]
    yield Figure(f"gateway {name}", tuple(_rate(one) for one in rounds), MORE)
    yield Figure("gateway cpu us", tuple(one["cpu_microseconds"] for one in rounds), LESS)


def _streams(part: Mapping[str, Any]) -> Iterator[Figure]:
    for at in ("first_p50", "first_p99"):
        yield Figure(f"gateway {at} ms", (part["gateway"][at] * 1e3,), LESS)


def _shadow(part: Mapping[str, Any]) -> Iterator[Figure]:
    bare = [_rate(one) for one in part["mitmdump"]["rounds"]]
    for name, own in part.items():
        if not name.startswith("mitmdump"):
            pairs = zip(own["rounds"], bare, strict=True)
            values = tuple(_rate(one) / other for one, other in pairs if other)
            yield Figure(f"{name} / mitmdump", values, MORE, beside=True)


def _candidates(part: Mapping[str, Any]) -> Iterator[Figure]:
    for name, own in part["peers"].items():
        yield Figure(f"{name} requests/s", tuple(_rate(one) for one in own["rounds"]), MORE)


def _store(part: Mapping[str, Any]) -> Iterator[Figure]:
    ours, bare = part["rounds"]["store"], part["rounds"]["bare"]
    yield Figure(
        "bare SQLite's time / ours", tuple(two / one for one, two in zip(ours, bare, strict=True)), MORE, beside=True
    )
    yield Figure("seconds a round", tuple(ours), LESS)
    yield Figure("summary s", (part["summary"],), LESS)


def _diff(part: Mapping[str, Any]) -> Iterator[Figure]:
    pairs = zip(part["rounds"]["equal"], part["deepdiff_rounds"]["equal"], strict=True)
    yield Figure("equal / DeepDiff", tuple(one / two for one, two in pairs), LESS, beside=True)
    for name, times in part["rounds"].items():
        yield Figure(f"{name} ms", tuple(times), LESS)


def _propagation(part: Mapping[str, Any]) -> Iterator[Figure]:
    rounds = part["rounds"]
    ours = [median(each) for each in rounds["gateway"]]
    yield Figure("gateway p50 ms", tuple(ours), LESS)
    yield Figure("gateway most ms", tuple(max(each) for each in rounds["gateway"]), LESS)
    theirs = [median(each) for each in rounds.get("nginx", ()) if each]
    if theirs:
        pairs = zip(ours, theirs, strict=True)
        yield Figure("gateway p50 / nginx reload", tuple(one / two for one, two in pairs), LESS, beside=True)


def _start(part: Mapping[str, Any]) -> Iterator[Figure]:
    rounds = part["rounds"]
    for name, other in (("gateway", "plain"), ("cutover --help", "python"), ("cutover --help", "uvicorn --help")):
        values = tuple(one / two for one, two in zip(rounds[name], rounds[other], strict=True))
        yield Figure(f"{name} / {other}", values, LESS, beside=True)
    for name in ("gateway", "cutover --help"):
        yield Figure(f"{name} ms", tuple(rounds[name]), LESS)


def _rate(sample: Mapping[str, Any]) -> float:
    microseconds = float(sample["microseconds"])
    return float(sample["requests"]) * 1e6 / microseconds if microseconds else 0.0


_PARTS: dict[str, Callable[[Mapping[str, Any]], Iterator[Figure]]] = {
    "throughput": _throughput,
    "latency": _latency,
    "streams": _streams,
    "sockets": lambda part: iter([Figure("bytes each", (part["each"],), LESS)]),
    "shadow": _shadow,
    "candidates": _candidates,
    "store": _store,
    "profile": lambda part: iter([Figure("cpu us", (part["cpu_microseconds"],), LESS)]),
    "diff": _diff,
    "propagation": _propagation,
    "start": _start,
}
