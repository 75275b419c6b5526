"""The numbers of one process, told as Prometheus text (exposition format 0.0.4); `catalogue` declares them."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.catalogue import METRICS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 75.0)
NOBODY = "none"
"""The value of a label that does not apply, such as the route of a request that no route knows."""
_STATUSES = range(100, 600)

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


@dataclass(frozen=True, slots=True)
class Served:
    """The numbers of all answers of one route, stage and status."""

    answers: Counter
    seconds: Histogram
    received: Counter
    sent: Counter


@dataclass(frozen=True, slots=True)
class Asked:
    """The numbers of all requests to one service that it answered with one status."""

    answers: Counter
    first_byte: Histogram
    seconds: Histogram


class Metrics:
    """All numbers of one process; `in_flight` and `sockets` are what is open now."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.sockets = 0
        self._counters: dict[tuple[str, Labels], Counter] = {}
        self._histograms: dict[tuple[str, Labels], Histogram] = {}
        self._served: dict[tuple[str, str, int], Served] = {}
        self._asked: dict[tuple[str, int], Asked] = {}

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

    def served(self, route: str, stage: str, status: int) -> Served:
        """What each request on the public listener adds to, found without making labels."""
        found = self._served.get((route, stage, status))
        if found is None:
            found = self._served[route, stage, status] = Served(
                self.counter("cutover_requests_total", route=route, stage=stage, status=status_of(status)),
                self.histogram("cutover_request_seconds", route=route, stage=stage),
                self.counter("cutover_received_bytes_total", route=route, stage=stage),
                self.counter("cutover_sent_bytes_total", route=route, stage=stage),
            )
        return found

    def asked(self, service: str, status: int) -> Asked:
        """What each request to a service adds to, found as quickly; status 0 where it gave no answer."""
        found = self._asked.get((service, status))
        if found is None:
            found = self._asked[service, status] = Asked(
                self.counter("cutover_upstream_requests_total", service=service, status=status_of(status)),
                self.histogram("cutover_upstream_first_byte_seconds", service=service),
                self.histogram("cutover_upstream_seconds", service=service),
            )
        return found

    def value(self, name: str, **labels: str) -> int:
        """The sum of a counter over all label sets that include these."""
        wanted = set(labels.items())
        return sum(own.value for (key, have), own in self._counters.items() if key == name and wanted <= set(have))

    def text(self, now: Mapping[str, float]) -> str:
        """Everything in Prometheus text format; `now` are values of this moment by `series` name."""
        samples: dict[str, list[str]] = {name: [] for name in METRICS}
        for (name, labels), counter in self._counters.items():
            samples[name].append(f"{series(name, **dict(labels))} {counter.value}")
        for (name, labels), histogram in self._histograms.items():
            if any(histogram.counts[:-1]):
                samples[name] += _histogram(name, dict(labels), histogram.counts)
        for full, value in now.items():
            samples[full.partition("{")[0]].append(f"{full} {value!r}")
        return "\n".join(line for name, own in samples.items() if own for line in _family(name, own)) + "\n"


def status_of(status: int) -> str:
    """A status as a label; what is none of HTTP's is one value, whatever a service makes up."""
    return str(status) if status in _STATUSES else NOBODY


def series(name: str, **labels: str) -> str:
    """A metric with its labels, as one line of the exposition begins."""
    if not labels:
        return name
    return f"{name}{{" + ",".join(f'{key}="{_escaped(value or NOBODY)}"' for key, value in labels.items()) + "}"


def _family(name: str, samples: list[str]) -> Iterator[str]:
    metric = METRICS[name]
    yield f"# HELP {name} {metric.help}"
    yield f"# TYPE {name} {metric.kind}"
    yield from samples


def _histogram(name: str, labels: dict[str, str], histogram: list[float]) -> list[str]:
    lines, total = [], 0.0
    for bound, count in zip((*map(str, BOUNDS), "+Inf"), histogram[:-1], strict=True):
        total += count
        lines.append(f"{series(name + '_bucket', **labels, le=bound)} {total:.0f}")
    lines.append(f"{series(name + '_sum', **labels)} {histogram[-1]:.6f}")
    lines.append(f"{series(name + '_count', **labels)} {total:.0f}")
    return lines


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
