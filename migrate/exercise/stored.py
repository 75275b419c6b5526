"""Examples from samples: each parameter shape once, its redacted values standing in for the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.core.exercise import Example
from gateway.store.browse import Wanted, browse

if TYPE_CHECKING:
    import sqlite3

    from gateway.core.observation import Observation
    from gateway.core.routes import Route

MOST = 12
"""Examples of one route."""


def examples(connection: sqlite3.Connection, route: Route) -> tuple[Example, ...]:
    """One for each shape that a caller used, newest first; those whose body is cut or no JSON are left out."""
    found: dict[str, Example] = {}
    for one in browse(connection, Wanted((route.id,))):
        if one.source != "exercise" and one.shape not in found and (example := _example(one, route)):
            found[one.shape] = example
            if len(found) == MOST:
                break
    return tuple(found.values())


def _example(observation: Observation, route: Route) -> Example | None:
    request = observation.legacy.get("request", {})
    path, _, query = request.get("target", "").partition("?")
    parameters = route.legacy.path.match(path)
    body, kind = request.get("body", ""), ""
    for name, value in request.get("headers", ()):
        kind = value if name.lower() == "content-type" else kind
    if parameters is None or (body and not kind.startswith("application/json")):
        return None
    if len(body.encode()) < request.get("body_bytes", 0) and not body.endswith(("}", "]")):
        return None
    return Example({}, query, body, origin="stored")
