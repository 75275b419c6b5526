"""What a limited answer says of its limit: draft-ietf-httpapi-ratelimit-headers, and the platform's own names."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.limit.token_bucket import SECOND

if TYPE_CHECKING:
    from gateway.core.exchange import Headers
    from gateway.limit.token_bucket import Pace, Taken


def told(pace: Pace, taken: Taken) -> Headers:
    """`RateLimit-Policy` and `RateLimit`, and `X-RateLimit-Limit`, `-Remaining` and `-Reset`.

    Remaining is what may be asked at once; reset is whole seconds until the bucket is full, in both families.
    """
    return _told(pace.name, *pace.quota, remaining(pace, taken), -(-taken.full // SECOND))


def remaining(pace: Pace, taken: Taken) -> int:
    """Tokens that are left."""
    return max(0, (pace.depth - taken.full) // pace.interval)


def beside(given: Headers, own: Headers) -> Headers:
    """Our headers for an answer: of a family in which the service itself speaks, ours stay out.

    Its limit is its own, and two numbers under one name could not be told apart.
    """
    if not own:
        return own
    theirs = {family for name, _ in given if (family := _family(name))}
    return tuple(pair for pair in own if _family(pair[0]) not in theirs) if theirs else own


@lru_cache(maxsize=1024)
def _family(name: str) -> str:
    lowered = name.lower()
    return next((family for family in ("x-ratelimit-", "ratelimit") if lowered.startswith(family)), "")


def retry_after(wait: int) -> int:
    """Whole seconds after which a token will be there, at least one."""
    return max(1, -(-wait // SECOND))


@lru_cache(maxsize=4096)
def _told(name: str, requests: int, window: int, remaining: int, reset: int) -> Headers:
    return (
        ("ratelimit-policy", f'"{name}";q={requests};w={window}'),
        ("ratelimit", f'"{name}";r={remaining};t={reset}'),
        ("x-ratelimit-limit", str(requests)),
        ("x-ratelimit-remaining", str(remaining)),
        ("x-ratelimit-reset", str(reset)),
    )
