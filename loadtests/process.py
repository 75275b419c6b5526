"""Runs a load test in a child process and judges it; locust patches gevent on import, so never in ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from loadtests.plan import LoadPlan
    from loadtests.results import LoadResult


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: seconds, users, counts, requests a second and the 95th percentile in milliseconds so far."""

    elapsed: float
    users: int
    requests: int
    failures: int
    rps: float
    p95_ms: float
    side: str


def run(
    plan: LoadPlan,
    *,
    environment: Mapping[str, str] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    stop: threading.Event | None = None,
) -> LoadResult:
    """Run the plan to its end, or until `stop` is set, which gives a partial result; then judge it.

    Credentials come from `environment` (default: the process's): CUTOVER_LOAD_TOKEN, or CUTOVER_LOAD_USERNAME with
    CUTOVER_LOAD_PASSWORD and, where the account needs it, CUTOVER_LOAD_TOTP_SECRET. One sign-in is made per run.

    Raises:
        UsageError: a host is neither configured, nor loopback, nor owned.
        ConfigError: credentials are missing or wrong, or the route table is broken.
        UnreachableError: a target does not answer.
        RefusedError: nothing of the persona can be called on this target.
    """
    raise NotImplementedError
