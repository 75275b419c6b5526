"""A token bucket as one number: the time at which it will be full again. Pure; all times in whole microseconds."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gateway.core.policy import Limit

SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Pace:
    """A limit class as a bucket sees it: `interval` between two tokens, `depth` to fill it from empty.

    `limit` is what was declared, `quota` is told of it; of a share, the whole.
    """

    name: str
    limit: Limit
    interval: int
    depth: int
    quota: tuple[int, int] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "quota", quota(self.limit))


class Taken(NamedTuple):
    """What taking a token came to: how long to `wait` for one, 0 when it was there; until the bucket is `full`."""

    wait: int
    full: int


def quota(limit: Limit) -> tuple[int, int]:
    """The limit as whole requests per whole seconds; never more than it allows."""
    requests = max(1, floor(limit.rate))
    return requests, max(1, ceil(limit.per * requests / limit.rate))


def pace_of(name: str, limit: Limit, instances: int = 1) -> Pace:
    """The pace of a limit class, or of one instance's share of it: together they never exceed the whole.

    A share still lets one request through at once, so more instances than `burst` allow as many as they are.
    """
    interval = ceil(limit.per * SECOND * instances / limit.rate)
    return Pace(name, limit, interval, max(1, limit.burst // instances) * interval)


def take(full_at: int, now: int, interval: int, depth: int) -> tuple[int, int]:
    """Take one token from a bucket: when it will be full then, and how long to wait for a token, 0 when it was there.

    A refusal takes nothing. A bucket that claims to be emptier than empty (the clock was turned back, the limit was
    changed) counts as empty.
    """
    # Written out, since `min` and `max` would be half of what taking a token costs.
    emptiest = now + depth
    if full_at < now:
        full_at = now
    elif full_at > emptiest:
        full_at = emptiest
    wait = full_at + interval - emptiest
    return (full_at, wait) if wait > 0 else (full_at + interval, 0)
