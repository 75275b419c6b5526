"""Whether the mark of a copy helps anybody: never in public, and on the internal listener only when it is genuine."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from gateway.core.exchange import Failure, header
from gateway.core.mark import DRY_RUN, MARK_HEADER, READ, REFUSED_HEADER, UPSTREAM_HEADER, sign
from gateway.core.routes import Effect, Kind
from migrate.probe.refusal import other_status
from migrate.probe.result import ProbeResult, Wrong, judged
from migrate.probe.sample import sample, with_headers
from migrate.probe.setting import is_dry_run

if TYPE_CHECKING:
    from gateway.core.exchange import Request, Response
    from gateway.core.routes import Route
    from migrate.probe.setting import Setting

NAME = "mark misuse"
_NOT_FOUND = {404}


def may_be_marked(route: Route) -> bool:
    """Whether the probe applies: to reads, since a write is not offered to a listener that might take it."""
    return route.gateway is not None and route.effect is Effect.READ and route.kind is not Kind.WEBSOCKET


async def misuse(setting: Setting, route: Route) -> ProbeResult:
    """Genuine and forged marks in public; forged, missing and replayed ones on the internal listener."""
    request = sample(route)
    wrongs: list[Wrong | None] = []
    for how, mode, key in (("a genuine mark", DRY_RUN, setting.mark_key), ("a forged mark", READ, b"\0" * 32)):
        answer = await setting.publicly(route, _marked(request, mode, key))
        wrongs.append(_honoured(answer, f"{how}, in public"))
    stranger = await setting.dry_run(route, request, key=secrets.token_bytes(32))
    wrongs.append(other_status(stranger, _NOT_FOUND, "a forged mark, internal listener"))
    bare = await setting.asker.ask(setting.internal, route.id, request)
    wrongs.append(other_status(bare, _NOT_FOUND, "no mark, internal listener"))
    genuine = _marked(request, DRY_RUN, setting.mark_key)
    await setting.asker.ask(setting.internal, route.id, genuine)
    again = await setting.asker.ask(setting.internal, route.id, genuine)
    wrongs.append(other_status(again, _NOT_FOUND, "a mark used twice, internal listener"))
    return judged(NAME, route.id, "marks do nothing", wrongs)


def _marked(request: Request, mode: str, key: bytes) -> Request:
    mark = sign(
        key, mode=mode, method=request.method, target=request.target, body=request.body, now=time.time(), client=""
    )
    return with_headers(request, (MARK_HEADER, mark))


def _honoured(answer: Response | Failure, how: str) -> Wrong | None:
    if isinstance(answer, Failure):
        return other_status(answer, (), how)
    for name in (REFUSED_HEADER, UPSTREAM_HEADER):
        if (value := header(answer.headers, name)) is not None:
            return Wrong(f"header:{name.lower()}", "absent", value[:40], how)
    return Wrong("header:content-type", "no dry run", "a dry run", how) if is_dry_run(answer) else None
