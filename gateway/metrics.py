"""Counters and histograms, declared in one place, told as Prometheus text (exposition format 0.0.4)."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 75.0)

_HELP = {
    "cutover_requests_total": "Requests answered on the public listener.",
    "cutover_copies_total": "Marked copies answered on the internal listener.",
    "cutover_refused_total": "Requests the gateway's own policy refused.",
    "cutover_limited_total": "Requests refused for want of a token, by limit class.",
    "cutover_would_refuse_total": "Transparent calls that policy would have refused.",
    "cutover_upstream_failures_total": "Requests without a usable answer of the service.",
    "cutover_truncated_total": "Answers that broke off: by the service, or because the client left.",
    "cutover_permission_refreshes_total": "Times the platform was asked what roles hold.",
    "cutover_scope_lookups_total": "Times it had to be known whose something is, by how that was learned.",
    "cutover_idempotency_total": "Requests with an Idempotency-Key, by what they met.",
    "cutover_circuit_opened_total": "How often a service was left alone because it failed.",
    "cutover_reused_total": "Requests served from kept answers or joined to another in flight, by how.",
    "cutover_retries_total": "Requests sent to a service once more.",
    "cutover_retries_denied_total": "Requests that the retry budget did not let be sent once more.",
    "cutover_cut_total": "Answers and WebSockets cut since they outlasted the drain.",
    "cutover_openapi_failures_total": "Documents of services that could not be read.",
    "cutover_passthrough_total": "Requests on existing paths that passed through.",
    "cutover_sockets_total": "WebSockets by the code they were closed with.",
    "cutover_request_seconds": "Seconds from the request head to the end of the answer.",
}

Labels = tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Counter:
    """How often something happened; who counts it often keeps this and adds to `value`."""

    value: int = 0


class Histogram:
    """How long something took."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts = [0.0] * (len(BOUNDS) + 2)

    def observe(self, seconds: float) -> None:
        """Add one observation."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.counts[-1] += seconds


class Metrics:
    """All numbers of one process."""

    def __init__(self) -> None:
        self._counters: dict[tuple[str, Labels], Counter] = {}
        self._histograms: dict[tuple[str, Labels], Histogram] = {}
        self._served: dict[tuple[str, str, int], Counter] = {}
        self._seconds: dict[str, Histogram] = {}

    def counter(self, name: str, **labels: str) -> Counter:
        """The counter with these labels."""
        key = (name, tuple(labels.items()))
        found = self._counters.get(key)
        if found is None:
            found = self._counters[key] = Counter()
        return found

    def histogram(self, name: str, **labels: str) -> Histogram:
        """The histogram with these labels."""
        key = (name, tuple(labels.items()))
        found = self._histograms.get(key)
        if found is None:
            found = self._histograms[key] = Histogram()
        return found

    def count(self, name: str, **labels: str) -> None:
        """Add one."""
        self.counter(name, **labels).value += 1

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Add one observation to a histogram."""
        self.histogram(name, **labels).observe(seconds)

    def served(self, route: str, stage: str, status: int) -> Counter:
        """The counter of answers of one kind; each request asks for it, so it is found without its labels."""
        found = self._served.get((route, stage, status))
        if found is None:
            found = self.counter("cutover_requests_total", route=route, stage=stage, status=str(status))
            self._served[route, stage, status] = found
        return found

    def seconds(self, route: str) -> Histogram:
        """How long requests to a route take; found as quickly."""
        found = self._seconds.get(route)
        if found is None:
            found = self._seconds[route] = self.histogram("cutover_request_seconds", route=route)
        return found

    def value(self, name: str, **labels: str) -> int:
        """The sum of a counter over all label sets that include these."""
        wanted = set(labels.items())
        return sum(own.value for (key, have), own in self._counters.items() if key == name and wanted <= set(have))

    def text(self, gauges: Mapping[str, float]) -> str:
        """Everything in Prometheus text format; `gauges` are values of this moment, labels included."""
        lines: list[str] = []
        for name, meaning in _HELP.items():
            kind = "histogram" if name.endswith("_seconds") else "counter"
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
            lines += [f"{key}{_braces(have)} {n.value}" for (key, have), n in self._counters.items() if key == name]
            for (key, have), histogram in self._histograms.items():
                if key == name:
                    lines += _histogram(name, have, histogram.counts)
        for name in {name.partition("{")[0]: None for name in gauges}:
            lines.append(f"# TYPE {name} gauge")
            lines += [f"{full} {now:g}" for full, now in gauges.items() if full.partition("{")[0] == name]
        return "\n".join(lines) + "\n"


def _histogram(name: str, labels: Labels, histogram: list[float]) -> list[str]:
    lines, total = [], 0.0
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), histogram[:-1], strict=True):
        total += count
        lines.append(f"{name}_bucket{_braces((*labels, ('le', bound)))} {total:g}")
    lines.append(f"{name}_sum{_braces(labels)} {histogram[-1]:.6f}")
    lines.append(f"{name}_count{_braces(labels)} {total:g}")
    return lines


def _braces(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{_escape(value)}"' for name, value in labels) + "}"


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
