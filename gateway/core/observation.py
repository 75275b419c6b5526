"""What the shadow saw: differences, signatures, verdicts. Everything here is already redacted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any

from gateway.core.alike import covers


class Verdict(StrEnum):
    """How an observation is judged."""

    MATCH = "match"
    EXPECTED = "expected"
    MISMATCH = "mismatch"
    INCONCLUSIVE = "inconclusive"
    FAILED = "failed"


class DifferenceKind(StrEnum):
    """The closed set of ways two places differ."""

    MISSING = "missing"  # legacy has it, the gateway does not
    EXTRA = "extra"  # the gateway has it, legacy does not
    CHANGED = "changed"
    TYPE = "type"
    ORDER = "order"
    COUNT = "count"
    INTERMITTENT = "intermittent"  # now and then: legacy said the same twice, and so did the gateway when asked again


class Bucket(StrEnum):
    """Where a primary request is counted; each lands in exactly one."""

    COMPARED = "compared"
    OFF = "off"
    SAMPLED_OUT = "sampled-out"
    UNMIRRORED = "unmirrored"
    SHED = "shed"
    OVERSIZE = "oversize"
    TIMED_OUT = "timed-out"
    FAILED = "failed"
    UNMATCHED = "unmatched"
    PENDING = "pending"


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two answers differ.

    `location` is status, header, cookie, cors, body, stream, frame, shape, or upstream.method, upstream.path,
    upstream.query, upstream.header, upstream.body; `path` says where inside it. Values are redacted text.
    `by` names the rule, change or class that explains it; empty means nothing does. `alike` says by which meanings
    the real values are near each other (`core.alike`). Lone surrogates in its texts (broken UTF-8, hostile JSON)
    become escapes, since no store, page or terminal takes them.
    """

    location: str
    path: str
    kind: DifferenceKind
    legacy: str = ""
    gateway: str = ""
    by: str = ""
    alike: str = ""

    def __post_init__(self) -> None:
        for name in ("path", "legacy", "gateway"):
            object.__setattr__(self, name, _writable(getattr(self, name)))

    @property
    def pattern(self) -> str:
        """The path with list positions and identity values blanked, so that like differences group."""
        return _blank(self.path)

    def signature(self, route_id: str) -> str:
        """Twelve hex digits that name differences of this shape on this route."""
        return _signature(route_id, self.location, self.pattern, self.kind)


@lru_cache(maxsize=16_384)
def _signature(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _writable(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


@lru_cache(maxsize=16_384)
def _blank(path: str) -> str:
    out: list[str] = []
    depth = 0
    for char in path:
        if char == "[":
            depth += 1
            if depth == 1:
                out.append("[*")
        elif char == "]" and depth:
            depth -= 1
            if depth == 0:
                out.append("]")
        elif depth == 0:
            out.append(char)
    return "".join(out)


@dataclass(frozen=True, slots=True)
class Observation:
    """Two exchanges for one request, compared.

    `mode` is read, dry-run, served (the gateway answered, legacy got the copy) or answer (the gateway served a write,
    whose answer is not of the shape of legacy's); `source` is live, replay or
    exercise. `legacy` and `gateway` are redacted exchanges as JSON values. `refused` is the status with which
    the gateway's own policy refused a copy, else 0. `shape` names the parameter shape, for coverage and
    deduplication. Latencies are seconds, 0 when unknown. The verdict was made under the route digest `digest` and the
    flags of `revision`; 0 where no flag was asked (a replay) or before it was recorded.
    """

    id: str
    route: str
    at: float
    verdict: Verdict
    mode: str
    source: str
    digest: str
    subject: str = ""
    shape: str = ""
    legacy_status: int = 0
    gateway_status: int = 0
    legacy_seconds: float = 0.0
    gateway_seconds: float = 0.0
    refused: int = 0
    differences: tuple[Difference, ...] = ()
    legacy: dict[str, Any] = field(default_factory=dict)
    gateway: dict[str, Any] = field(default_factory=dict)
    note: str = ""
    revision: int = 0

    def __post_init__(self) -> None:
        for name in ("subject", "shape", "note"):
            object.__setattr__(self, name, _writable(getattr(self, name)))


REJECTED = "rejected"
"""The decision that a difference is a defect; it stays open."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A reviewed decision on a signature: expected, ignored, tolerated, or rejected, which explains nothing.

    `expires` is epoch seconds or None. With a `meaning` (`timestamp 2s`) it holds only for differences whose values
    are so near.
    """

    signature: str
    decision: str
    owner: str
    reason: str
    created: float
    expires: float | None = None
    meaning: str = ""

    def explains(self, now: float) -> bool:
        """Whether differences of this signature are as reviewed at `now` (epoch seconds)."""
        return self.decision != REJECTED and (self.expires is None or now < self.expires)

    def covers(self, alike: str) -> bool:
        """Whether a difference whose values are so near is among those it was made for."""
        return not self.meaning or covers(self.meaning, alike)
