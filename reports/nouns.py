"""What evidence is made of; frozen values between the store and the checks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.noise import Noise
    from gateway.flags.flag import Flag
    from gateway.flags.store import Process
    from gateway.store.audit import Result
    from gateway.store.pace import ServicePace


@dataclass(frozen=True, slots=True)
class Tally:
    """Observations or pairs by effective verdict."""

    match: int = 0
    expected: int = 0
    mismatch: int = 0
    inconclusive: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return self.match + self.expected + self.mismatch + self.inconclusive + self.failed

    @property
    def agreed(self) -> int:
        """Those that speak for the gateway: equal, or different only as reviewed or declared."""
        return self.match + self.expected

    @property
    def trials(self) -> int:
        """Those that say anything: all but the inconclusive ones."""
        return self.agreed + self.mismatch + self.failed


@dataclass(frozen=True, slots=True)
class SignatureSeen:
    """A signature on the current route digest; `by` names the class, change or live rule that explains it.

    Open when `by` is empty; `rejected` means that QA called it a defect. `count` is places that differ, in
    `observations`; `sample` is the newest of these. `noise` counts how often legacy differed with itself there.
    """

    signature: str
    route: str
    location: str
    pattern: str
    kind: str
    count: int
    observations: int
    first_seen: float
    last_seen: float
    sample: str
    by: str = ""
    rejected: bool = False
    noise: Noise | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """One subject that would be refused: how often, and when."""

    subject: str
    count: int
    first_seen: float
    last_seen: float


@dataclass(frozen=True, slots=True)
class OpenRefusal:
    """Subjects that the gateway's own policy would refuse with one status for one reason, and nobody accepted it.

    `who` names those that were refused most often, twenty at most.
    """

    signature: str
    route: str
    status: int
    reason: str
    subjects: int = 0
    count: int = 0
    first_seen: float = 0.0
    last_seen: float = 0.0
    who: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class Latency:
    """Median seconds of each side over the observations that know both."""

    pairs: int = 0
    legacy: float = 0.0
    gateway: float = 0.0

    @property
    def ratio(self) -> float | None:
        """Gateway over legacy, or None when unknown."""
        return self.gateway / self.legacy if self.pairs and self.legacy > 0 else None


@dataclass(frozen=True, slots=True)
class SideServed:
    """What one side served since the route entered its stage; `seconds` is the sum of latencies."""

    requests: int = 0
    errors: int = 0
    fallbacks: int = 0
    seconds: float = 0.0
    last: float = 0.0


@dataclass(frozen=True, slots=True)
class Sight:
    """A status class with a parameter shape, as legacy answered it: what coverage counts."""

    status_class: int
    shape: str


@dataclass(frozen=True, slots=True)
class Exercise:
    """A parameter shape that `cutover exercise` tried: weaker evidence than any caller's own call."""

    shape: str
    verdicts: Tally = Tally()
    first_seen: float = 0.0
    last_seen: float = 0.0

    @property
    def told(self) -> str:
        """What came of it, in words."""
        tally = self.verdicts
        parts = (("alike", tally.agreed), ("different", tally.mismatch), ("not compared", tally.failed))
        said = [f"{number} {word}" for word, number in parts if number]
        return said[0].partition(" ")[2] if len(said) == 1 else ", ".join(said)


@dataclass(frozen=True, slots=True)
class Probed:
    """What the latest run of security probes that asked about a route found there, by names of probes."""

    run: str
    at: float
    digest: str
    passed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    not_asked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the newest load test that loaded a route at the gateway found there; `reasons` say why it failed."""

    run: str
    at: float
    digest: str
    answers: int
    p95_ms: float
    partial: bool = False
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RouteEvidence:
    """Everything known about one route. Only observations of the current digest count; others are `stale`.

    `reasons` counts its requests by bucket and reason, `pace` is how fast its service is copied at this moment.
    `exercised` are dry runs that `cutover exercise` made: weaker evidence, in no other count. `exercises` tells them
    by parameter shape, of which `exercised_shapes` were found to be carried over whole. `load_exempt`: it is declared
    to need no load test.
    """

    route: str
    digest: str
    flag: Flag
    stage_since: float = 0.0
    observed: Tally = Tally()
    pairs: Tally = Tally()
    exercised: Tally = Tally()
    stale: int = 0
    subjects: int = 0
    first_seen: float = 0.0
    last_seen: float = 0.0
    latency: Latency = Latency()
    legacy_errors: int = 0
    seen: frozenset[Sight] = frozenset()
    proven: frozenset[Sight] = frozenset()
    exercised_shapes: frozenset[str] = frozenset()
    exercises: tuple[Exercise, ...] = ()
    signatures: tuple[SignatureSeen, ...] = ()
    refusals: tuple[OpenRefusal, ...] = ()
    buckets: Mapping[str, int] = field(default_factory=dict)
    served: Mapping[str, SideServed] = field(default_factory=dict)
    probed: Probed | None = None
    reasons: Mapping[tuple[str, str], int] = field(default_factory=dict)
    pace: ServicePace | None = None
    loaded: Loaded | None = None
    load_exempt: bool = False

    @property
    def open(self) -> tuple[SignatureSeen, ...]:
        """Signatures that nothing explains."""
        return tuple(item for item in self.signatures if not item.by)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The store at one moment, seen through a route table; `candidate` is the URL of a gateway that is not ours."""

    at: float
    version: str
    platform: str
    routes: Mapping[str, RouteEvidence]
    processes: tuple[Process, ...] = ()
    revision: int = 0
    results: Mapping[str, Result] = field(default_factory=dict)
    candidate: str = ""
    buckets: Mapping[str, int] = field(default_factory=dict)
