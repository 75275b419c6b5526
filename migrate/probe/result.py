"""What probes found; frozen values that go to the terminal, to `--json` and to the store."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

GATEWAY = "gateway"
LEGACY = "legacy"
INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Wrong:
    """One answer that is not as it must be; `location` is a place of the answer, or of what would go upstream."""

    location: str
    expected: str
    seen: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One probe on one route. When it failed, `location` names the first wrong place and `detail` how it was asked.

    Locations are written as those of differences: `status`, `header:allow`, `body:$.detail`,
    `upstream.header:x-user-id`.
    """

    probe: str
    route: str
    passed: bool
    location: str
    expected: str
    seen: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class NotAsked:
    """A probe that applies to a route and could not be made; it counts as not passed."""

    probe: str
    route: str
    reason: str


@dataclass(frozen=True, slots=True)
class ProbeRun:
    """All probes of one run. `target` is gateway, legacy or internal; `digests` tie it to the routes as they were.

    `hosts` are the base URLs that were asked.
    """

    id: str
    at: float
    target: str
    seconds: float
    requests: int
    results: tuple[ProbeResult, ...] = ()
    not_asked: tuple[NotAsked, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[ProbeResult, ...]:
        """Results that did not pass."""
        return tuple(item for item in self.results if not item.passed)

    @property
    def passed(self) -> bool:
        """Whether something was asked, everything that applies was, and all of it passed."""
        return bool(self.results) and not self.failed and not self.not_asked

    def to_json(self) -> dict[str, Any]:
        """The document of `--json` and of the store."""
        return {
            "id": self.id,
            "at": self.at,
            "target": self.target,
            "passed": self.passed,
            "seconds": round(self.seconds, 3),
            "requests": self.requests,
            "hosts": list(self.hosts),
            "digests": dict(self.digests),
            "results": [asdict(item) for item in self.results],
            "not_asked": [asdict(item) for item in self.not_asked],
        }


def judged(probe: str, route: str, expected: str, wrongs: Iterable[Wrong | None]) -> ProbeResult:
    """One result for all the ways a probe asked: passed when none is wrong, else the first that is."""
    asked = list(wrongs)
    found = [wrong for wrong in asked if wrong is not None]
    if not found:
        ways = "asked once" if len(asked) == 1 else f"asked in {len(asked)} ways"
        return ProbeResult(probe, route, passed=True, location="", expected=expected, seen=expected, detail=ways)
    first = found[0]
    more = f"; {len(found) - 1} more of {len(asked)}" if len(found) > 1 else ""
    return ProbeResult(
        probe,
        route,
        passed=False,
        location=first.location,
        expected=first.expected,
        seen=first.seen,
        detail=first.detail + more,
    )
