"""What one request came to: counted always, written as one JSON line on stderr when asked."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring_ascii as _text
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from gateway.core.subject import fingerprint
from gateway.problem import RateLimited, UpstreamProblem

if TYPE_CHECKING:
    from gateway.access_log import AccessLog
    from gateway.core.table import Matched
    from gateway.core.trace import Trace
    from gateway.metrics import Metrics
    from gateway.problem import Problem

SWITCHED = 101
"""The status of a WebSocket, whose length says nothing about speed."""
_SECRET_NAME = re.compile(r"(?i).*(token|secret|key|code|passw|ticket|credential|nonce|session).*")
_LONG = re.compile(r"[^/]{16,}")
_WHERE, _WHO = ("route", "stage", "service"), ("client", "auth", "subject", "organisation")
_WHY = ("copy", "reason", "failure")


@dataclass(slots=True)
class Entry:
    """Filled in as the request passes the stages; holds no query, no header and no secret.

    `service` is who was `asked` (on the performance counter), what it `answered` after it was `waited` for: status 0
    when it did not.
    """

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
    trace: Trace | None = None
    received: int = 0
    service: str = ""
    asked: float = 0.0
    answered: int = 0
    waited: float = 0.0

    def ask(self, service: str) -> None:
        """A service is asked, from now on."""
        self.service, self.answered, self.asked = service, 0, time.perf_counter()

    def hear(self, status: int) -> None:
        """The head of its answer is here."""
        self.answered, self.waited = status, time.perf_counter() - self.asked


def record(metrics: Metrics, entry: Entry, log: AccessLog | None) -> None:
    """Count the request, and log it where there is a log."""
    if entry.copy:
        metrics.count("cutover_copies_total", route=entry.route, mode=entry.copy, status=str(entry.status))
    else:
        _count(metrics, entry)
    if entry.failure:
        metrics.count("cutover_truncated_total", route=entry.route, by=entry.failure)
    if log is not None:
        log.add(line(entry))


def _count(metrics: Metrics, entry: Entry) -> None:
    served = metrics.served(entry.route, entry.standing, entry.status)
    served.answers.value += 1
    served.received.value += entry.received
    served.sent.value += entry.size
    if entry.status != SWITCHED:
        served.seconds.observe(entry.seconds)
    if entry.service:
        asked = metrics.asked(entry.service, entry.answered)
        asked.answers.value += 1
        if entry.answered and entry.status != SWITCHED:
            asked.first_byte.observe(entry.waited)
            asked.seconds.observe(time.perf_counter() - entry.asked)


def refused(metrics: Metrics, entry: Entry, problem: Problem) -> None:
    """Count an answer of the gateway's own in a service's place."""
    kind = "cutover_upstream_failures_total" if isinstance(problem, UpstreamProblem) else "cutover_refused_total"
    metrics.count(kind, route=entry.route, status=str(problem.status), reason=problem.reason)
    if isinstance(problem, RateLimited):
        metrics.count("cutover_limited_total", limit=problem.limit)


def named(entry: Entry) -> str:
    """What a line of the ordinary log is found by."""
    return f"request {entry.request_id}" + (f", trace {entry.trace.id}" if entry.trace else "")


def shown_path(matched: Matched, key: bytes) -> str:
    """The path of a matched request; a parameter that is secret by its name, as an invite token, fingerprinted."""
    if not matched.parameters:
        return matched.target.path.text
    shown = {
        name: fingerprint(key, unquote(value, errors="surrogateescape")) if _is_secret(name) else value
        for name, value in matched.parameters.items()
    }
    return matched.target.path.fill(shown)


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.fullmatch(name) is not None


def shown(entry: Entry) -> str:
    """The path as it may be logged: in one that no route knows, long segments may be anybody's secret."""
    return entry.path if entry.route else _LONG.sub("*", entry.path)


class Fixed(NamedTuple):
    """What of a log line is the same for every request with the same head from the same client."""

    where: str
    who: str
    budget: str


def fixed(entry: Entry) -> Fixed:
    """That part of an entry."""
    where = f',"method":{_text(entry.method)},"path":{_text(shown(entry))}'
    return Fixed(
        where + _members(_WHERE, entry.route, entry.standing, entry.service),
        _members(_WHO, entry.client, entry.scheme, entry.subject, entry.organisation),
        f',"limit":{_text(entry.limit)},"left":' if entry.limit else "",
    )


def line(entry: Entry) -> str:
    """The access log line: one JSON object; what is empty is left out."""
    same = fixed(entry)
    return (
        f'{{"at":{time.time():.3f},"request_id":{_text(entry.request_id)}{_traced(entry)}{same.where}'
        f',"status":{entry.status},"bytes":{entry.size},"seconds":{entry.seconds:.6f}{_waited(entry)}'
        f"{same.who}{same.budget}{entry.left if same.budget else ''}"
        f"{_members(_WHY, entry.copy, entry.reason, entry.failure)}}}"
    )


def plain_line(
    same: Fixed, request_id: str, trace: str, status: int, size: int, seconds: float, waited: float, left: int
) -> str:
    """The line of a traced request that its service answered and nothing befell."""
    return (
        f'{{"at":{time.time():.3f},"request_id":{_text(request_id)},"trace":"{trace}"{same.where}'
        f',"status":{status},"bytes":{size},"seconds":{seconds:.6f},"upstream_seconds":{waited:.6f}'
        f"{same.who}{same.budget}{left if same.budget else ''}}}"
    )


def _traced(entry: Entry) -> str:
    return f',"trace":"{entry.trace.id}"' if entry.trace else ""


def _waited(entry: Entry) -> str:
    return f',"upstream_seconds":{entry.waited:.6f}' if entry.answered else ""


@lru_cache(maxsize=4096)
def _members(names: tuple[str, ...], *values: str) -> str:
    return "".join(f',"{name}":{_text(value)}' for name, value in zip(names, values, strict=True) if value)
