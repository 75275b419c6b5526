"""What a disturbance did to a load: requests that failed, and how long until all was as before."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from loadtests.during.act import Account
    from loadtests.during.order import Disturbances
    from loadtests.results import Tick

_ENOUGH = 20
"""Answers from which on a 95th percentile says something."""
CALM = 3
"""Seconds within bounds, one after the other, after which it has recovered; fewer where the load ended before."""


def holds(tick: Tick, error_rate: float) -> bool:
    """Whether a second is one like any other: failures within a rate, late answers a twentieth at most.

    Of few answers half may be late, since a twentieth of them is none.
    """
    late = 0.05 if tick.requests >= _ENOUGH else 0.5
    return tick.failed <= error_rate * tick.requests and tick.late <= late * tick.requests


@dataclass(frozen=True, slots=True)
class Aftermath:
    """One disturbance and what came of it.

    `felt` are the seconds of the load from its beginning until it was over. `recovered` is how many seconds that
    took: 0 when nothing was felt, None when it had not recovered when the load ended.
    """

    account: Account
    requests: int
    failed: int
    recovered: float | None
    felt: range

    def to_json(self) -> dict[str, Any]:
        """The document in a result."""
        return {
            **asdict(self.account),
            "requests": self.requests,
            "failed": self.failed,
            "recovered_seconds": None if self.recovered is None else round(self.recovered, 2),
        }


def aftermath(account: Account, ticks: Sequence[Tick], error_rate: float, elapsed: float) -> Aftermath:
    """What the ticks of one side say about it.

    `error_rate` are failures per request that a second may have, `elapsed` is how long the load was, in seconds.
    """
    by = {tick.second: tick for tick in ticks}
    first, last = int(account.began), max(int(account.began), int(elapsed) - 1, *by, 0)
    bad = [second for second in range(first, last + 1) if not _good(second, by, error_rate, first)]
    over = _calm_from(int(account.ended), last, bad, by)
    end = last + 1 if over is None else max((second + 1 for second in bad if second < over), default=first)
    felt = [by[second] for second in range(first, end) if second in by]
    recovered = None if over is None else max(0.0, end - account.began) if end > first else 0.0
    return Aftermath(
        account, sum(tick.requests for tick in felt), sum(tick.failed for tick in felt), recovered, range(first, end)
    )


def reasons(found: Aftermath, ordered: Disturbances) -> Iterator[str]:
    """Why a disturbance was felt more than it may be; nothing when it was not."""
    account, limit = found.account, ordered.failed_allowed(found.account.verb)
    if account.error:
        yield f"during {account.action}: {account.error}"
    if limit is not None and found.failed > limit:
        yield f"during {account.action}: {found.failed} requests failed, {limit} may"
    if found.recovered is None:
        yield f"during {account.action}: it had not recovered when the load ended"
    elif found.recovered > ordered.recovery_allowed:
        yield (
            f"during {account.action}: it took {found.recovered:.1f} s to recover,"
            f" {ordered.recovery_allowed:g} s are allowed"
        )


def line(document: Mapping[str, Any]) -> str:
    """A disturbance of a result in one line, for people."""
    took = document["recovered_seconds"]
    how = (
        "had not recovered when the load ended" if took is None
        else "recovered after " + f"{took:.1f} s" if took
        else "was not felt"
    )  # fmt: skip
    felt = f"{document['failed']} of {document['requests']} requests failed, " if took != 0 else ""
    return f"during {document['action']} (at {document['began']:.1f} s): {felt}{how}"


def _good(second: int, by: Mapping[int, Tick], error_rate: float, first: int) -> bool:
    if second in by:
        return holds(by[second], error_rate)
    # A second without any answer is an outage, unless the load had such seconds before.
    before = range(min(by, default=0), first)
    return any(one not in by for one in before) or not before


def _calm_from(ended: int, last: int, bad: Sequence[int], by: Mapping[int, Tick]) -> int | None:
    """The first second from the disturbance's end on that begins a calm; None when the load ended before."""
    for second in range(ended, last + 1):
        window = range(second, min(second + CALM, last + 1))
        if not any(one in bad for one in window) and any(one in by for one in window):
            return second
    return None
