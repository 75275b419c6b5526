"""What a closed replay found."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gateway.core.observation import Bucket, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.observation import Observation
    from shadow.replay import Account

BAD = (Verdict.MISMATCH, Verdict.FAILED, Verdict.INCONCLUSIVE)


@dataclass(frozen=True, slots=True)
class Played:
    """One exchange of the recording after the replay; `number` is its place in the file, counted from 0.

    Without an observation nothing was compared, and `reason` says why.
    """

    number: int
    route: str
    bucket: Bucket
    reason: str = ""
    observation: Observation | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Every exchange played or accounted for; `stray` names upstream requests that belong to no exchange."""

    account: Account
    played: tuple[Played, ...]
    stray: tuple[str, ...] = ()

    @property
    def observations(self) -> tuple[Observation, ...]:
        """The compared pairs, redacted, in the order they were played."""
        return tuple(one.observation for one in self.played if one.observation)

    @property
    def bad(self) -> tuple[Played, ...]:
        """The exchanges where the gateway's answer or upstream request is wrong, or missing."""
        return tuple(one for one in self.played if one.observation and one.observation.verdict in BAD)

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong: no mismatch, no failure, no stray request, and something was compared."""
        return not self.bad and not self.stray and any(one.observation for one in self.played)

    @property
    def verdicts(self) -> dict[str, dict[str, int]]:
        """Counts by route and verdict."""
        counts: dict[str, Counter[str]] = {}
        for one in self.played:
            if one.observation:
                counts.setdefault(one.route, Counter())[one.observation.verdict] += 1
        return {route: dict(counts[route]) for route in sorted(counts)}

    @property
    def counts(self) -> Mapping[tuple[str, str, str], int]:
        """Counts by route, bucket and reason, as the store keeps them; they sum to the recording's exchanges."""
        return Counter((one.route, str(one.bucket), one.reason) for one in self.played)

    def to_json(self) -> dict[str, Any]:
        """The account with the buckets of the replay, verdicts by route, and every mismatch with its places."""
        return {
            **self.account.to_json(),
            "buckets": dict(Counter(str(one.bucket) for one in self.played)),
            "verdicts": self.verdicts,
            "not_compared": dict(Counter(one.reason for one in self.played if one.route and not one.observation)),
            "mismatches": [entry for one in self.bad for entry in _entries(one)],
            "stray": list(self.stray),
        }


def _entries(one: Played) -> list[dict[str, Any]]:
    assert one.observation is not None  # noqa: S101 - `bad` has one
    head = {"exchange": one.number, "route": one.route, "verdict": str(one.observation.verdict)}
    open_ = [difference for difference in one.observation.differences if not difference.by]
    return [
        {
            **head,
            "location": difference.location,
            "path": difference.path,
            "kind": str(difference.kind),
            "legacy": difference.legacy,
            "gateway": difference.gateway,
        }
        for difference in open_
    ] or [{**head, "note": one.observation.note}]
