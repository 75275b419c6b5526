"""When an answer of a service may serve more than one request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caching:
    """How a route's answers are kept.

    `fresh` are the seconds for which an answer is fresh where the service says nothing of it; `drops` are globs over
    ids of further routes whose kept answers a write on this route makes useless.
    """

    fresh: float = 0.0
    drops: tuple[str, ...] = ()
