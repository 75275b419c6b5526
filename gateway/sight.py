"""What the internal listener tells of the gateway: metrics, whether it lives, whether it is ready."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.answer import Answer
from gateway.metrics import series
from gateway.transport.origin import origin_of
from gateway.vitals import vitals

if TYPE_CHECKING:
    from gateway.handle import Context

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def page(context: Context, method: str, path: str) -> Answer | None:
    """The answer to `GET /metrics`, `/health` or `/ready`; None for anything else."""
    if method != "GET":
        return None
    match path:
        case "/metrics":
            return _answer(200, METRICS_TYPE, context.metrics.text(moment(context)))
        case "/health":
            return _answer(200, "application/json", json.dumps(health(context)))
        case "/ready":
            document = {"ready": not context.draining, **health(context)}
            return _answer(503 if context.draining else 200, "application/json", json.dumps(document))
    return None


def health(context: Context) -> dict[str, Any]:
    """How the gateway does, for people and for probes. `status` is ok or draining; all else is information."""
    table, reloads = context.table, context.reloads
    problems = {"reload_problems": list(reloads.problems)} if reloads.problems else {}
    return {
        "status": "draining" if context.draining else "ok",
        "version": __version__,
        "flags": context.flags().revision,
        "flags_stale": context.stale(),
        "table": reloads.digest,
        "circuits": context.resilience.states(table),
        **context.limits.report(table),
        **context.rights.grants.health(table),
        **problems,
    }


def moment(context: Context) -> dict[str, float]:
    """The values that are looked up when somebody asks for them."""
    table = context.table
    build = {"version": __version__, "build": table.policy.build, "python": platform.python_version()}
    return {
        series("cutover_build_info", **build): 1,
        series("cutover_table_info", platform=table.platform, digest=context.reloads.digest): 1,
        "cutover_flags_revision": context.flags().revision,
        "cutover_flags_stale": int(context.stale()),
        "cutover_draining": int(context.draining),
        "cutover_requests_in_flight": context.metrics.in_flight,
        "cutover_sockets_open": context.metrics.sockets,
        **_connections(context),
        **context.reloads.gauges,
        **context.resilience.gauges(table),
        **context.limits.gauges(table),
        **context.rights.grants.gauges(table),
        **vitals(),
    }


def _connections(context: Context) -> dict[str, float]:
    found: dict[str, float] = {}
    for service in context.table.services.values():
        origin = origin_of(service.internal)
        idle = context.pool.idle(origin)
        found[series("cutover_pool_connections", service=service.name, state="idle")] = idle
        found[series("cutover_pool_connections", service=service.name, state="in-use")] = (
            context.pool.open(origin) - idle
        )
        found[series("cutover_pool_opened_total", service=service.name)] = context.pool.opened(origin)
    return found


def _answer(status: int, kind: str, text: str) -> Answer:
    body = text.encode()
    return Answer(status, (("content-type", kind), ("content-length", str(len(body)))), body)
