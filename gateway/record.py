"""What one request came to: counted always, written as one JSON line on stderr when asked."""

from __future__ import annotations

import json
import re
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from gateway.core.subject import fingerprint
from gateway.problem import RateLimited, UpstreamProblem

if TYPE_CHECKING:
    from gateway.core.table import Matched
    from gateway.metrics import Metrics
    from gateway.problem import Problem

SWITCHED = 101
"""The status of a WebSocket, whose length says nothing about speed."""
_SECRET_NAME = re.compile(r"(?i).*(token|secret|key|code|passw|ticket|credential|nonce|session).*")
_LONG = re.compile(r"[^/]{16,}")


@dataclass(slots=True)
class Entry:
    """Filled in as the request passes the stages; holds no query, no header and no secret."""

    request_id: str
    method: str
    path: str
    client: str
    copy: str = ""
    route: str = ""
    standing: str = ""
    scheme: str = ""
    subject: str = ""
    status: int = 0
    size: int = 0
    seconds: float = 0.0
    reason: str = ""
    failure: str = ""
    limit: str = ""
    left: int = 0
    organisation: str = ""


def record(metrics: Metrics, entry: Entry, *, log: bool) -> None:
    """Count the request, and log it when `log` says so."""
    status = str(entry.status)
    if entry.copy:
        metrics.count("cutover_copies_total", route=entry.route, mode=entry.copy, status=status)
    else:
        metrics.count("cutover_requests_total", route=entry.route, stage=entry.standing, status=status)
        if entry.status != SWITCHED:
            metrics.observe("cutover_request_seconds", entry.seconds, route=entry.route)
    if entry.failure:
        metrics.count("cutover_truncated_total", route=entry.route, by=entry.failure)
    if log:
        sys.stderr.write(line(entry) + "\n")


def refused(metrics: Metrics, entry: Entry, problem: Problem) -> None:
    """Count an answer of the gateway's own in a service's place."""
    kind = "cutover_upstream_failures_total" if isinstance(problem, UpstreamProblem) else "cutover_refused_total"
    metrics.count(kind, route=entry.route, status=str(problem.status), reason=problem.reason)
    if isinstance(problem, RateLimited):
        metrics.count("cutover_limited_total", limit=problem.limit)


def shown_path(matched: Matched, key: bytes) -> str:
    """The path of a matched request; a parameter that is secret by its name, as an invite token, fingerprinted."""
    shown = {
        name: fingerprint(key, unquote(value, errors="surrogateescape")) if _SECRET_NAME.fullmatch(name) else value
        for name, value in matched.parameters.items()
    }
    return matched.target.path.fill(shown)


def shown(entry: Entry) -> str:
    """The path as it may be logged: in one that no route knows, long segments may be anybody's secret."""
    return entry.path if entry.route else _LONG.sub("*", entry.path)


def line(entry: Entry) -> str:
    """The access log line."""
    document = {
        "at": round(time.time(), 3),
        "request_id": entry.request_id,
        "method": entry.method,
        "path": shown(entry),
        "route": entry.route,
        "stage": entry.standing,
        "status": entry.status,
        "bytes": entry.size,
        "seconds": round(entry.seconds, 6),
        "client": entry.client,
        "auth": entry.scheme,
        "subject": entry.subject,
        "copy": entry.copy,
        "reason": entry.reason,
        "failure": entry.failure,
    }
    return json.dumps({name: value for name, value in document.items() if value != ""}, separators=(",", ":"))
