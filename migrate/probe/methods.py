"""Whether methods nobody declared are refused as such."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.core.exchange import Failure, Request, header
from migrate.probe.refusal import other_status
from migrate.probe.result import ProbeResult, Wrong, judged
from migrate.probe.sample import sample

if TYPE_CHECKING:
    from gateway.core.exchange import Response
    from gateway.core.routes import Route
    from migrate.probe.setting import Setting

NAME = "methods"
_NOT_ALLOWED = {405}
_UNKNOWN = {400, 405, 501}
"""A server may also refuse a method that it does not even know (RFC 9110 §15.6.2)."""


async def undeclared(setting: Setting, route: Route) -> ProbeResult:
    """HEAD, TRACE and a method that does not exist, without a credential; none of them is ever declared."""
    request = sample(route)
    wrongs: list[Wrong | None] = []
    for method in ("HEAD", "TRACE"):
        answer = await setting.publicly(route, Request(method, request.target))
        wrongs.append(other_status(answer, _NOT_ALLOWED, method) or _allow(answer, request.method, method))
    answer = await setting.publicly(route, Request("CUTOVERPROBE", request.target))
    wrongs.append(other_status(answer, _UNKNOWN, "an unknown method"))
    return judged(NAME, route.id, "405 with Allow", wrongs)


def _allow(answer: Response | Failure, method: str, how: str) -> Wrong | None:
    if isinstance(answer, Failure):
        return None
    allow = header(answer.headers, "allow")
    if allow is None or method not in re.split(r"\s*,\s*", allow):
        return Wrong("header:allow", f"{method} among them", allow or "absent", how)
    return None
