"""Counters and histograms, declared in one place, told as Prometheus text (exposition format 0.0.4)."""

from __future__ import annotations

from bisect import bisect_left
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
    "cutover_retries_total": "Requests sent to a service once more.",
    "cutover_retries_denied_total": "Requests that the retry budget did not let be sent once more.",
    "cutover_sockets_total": "WebSockets by the code they were closed with.",
    "cutover_request_seconds": "Seconds from the request head to the end of the answer.",
}

Labels = tuple[tuple[str, str], ...]


class Metrics:
    """All numbers of one process."""

    def __init__(self) -> None:
        self._counters: dict[tuple[str, Labels], int] = {}
        self._histograms: dict[tuple[str, Labels], list[float]] = {}

    def count(self, name: str, **labels: str) -> None:
        """Add one."""
        key = (name, tuple(labels.items()))
        self._counters[key] = self._counters.get(key, 0) + 1

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Add one observation to a histogram."""
        key = (name, tuple(labels.items()))
        histogram = self._histograms.get(key)
        if histogram is None:
            histogram = self._histograms[key] = [0.0] * (len(BOUNDS) + 2)
        histogram[bisect_left(BOUNDS, seconds)] += 1
        histogram[-1] += seconds

    def value(self, name: str, **labels: str) -> int:
        """The sum of a counter over all label sets that include these."""
        wanted = set(labels.items())
        return sum(count for (key, have), count in self._counters.items() if key == name and wanted <= set(have))

    def text(self, gauges: Mapping[str, float]) -> str:
        """Everything in Prometheus text format; `gauges` are values of this moment."""
        lines: list[str] = []
        for name, meaning in _HELP.items():
            kind = "histogram" if name.endswith("_seconds") else "counter"
            lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
            lines += [f"{key}{_braces(have)} {n}" for (key, have), n in self._counters.items() if key == name]
            for (key, have), histogram in self._histograms.items():
                if key == name:
                    lines += _histogram(name, have, histogram)
        lines += [line for name, now in gauges.items() for line in (f"# TYPE {name} gauge", f"{name} {now:g}")]
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
