"""What stored load tests say of each route."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from gateway.core.objectives import Aim, Promised
from gateway.store import audit
from loadtests import verdict
from reports.nouns import Loaded

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from gateway.store.audit import Result

KIND = "loadtest"
_GATEWAY, _OVERALL = "gateway", "overall"
_BREAKS_ON_PURPOSE = "knee"
_LOOKED_AT = 50
"""Newest runs among which each route's is looked for."""


def by_route(connection: sqlite3.Connection, promises: Mapping[str, Promised]) -> Mapping[str, Loaded]:
    """The newest run that loaded each route at the gateway; a run of a few leaves what is known of the others.

    `promises` are what the route table asks of each route.
    """
    newest: dict[str, Loaded] = {}
    for result in audit.results(connection, KIND)[:_LOOKED_AT]:
        for route, found in of(result, promises).items():
            newest.setdefault(route, found)
    return newest


def of(result: Result, promises: Mapping[str, Promised]) -> Mapping[str, Loaded]:
    """What one run says of the routes that it loaded at the gateway; of a search for the knee nothing. Pure.

    A run that was held to less than is promised, by options or by an older table, says so among its reasons.
    """
    body = result.body
    if body.get("shape") == _BREAKS_ON_PURPOSE:
        return {}
    routes = body.get("sides", {}).get(_GATEWAY, {}).get("routes", {})
    digests = body.get("digests", {})
    general = _general(body, (*routes, _OVERALL))
    return {
        route: Loaded(
            run=result.id,
            at=result.at,
            digest=digests[route],
            answers=figures.get("requests", 0),
            p95_ms=figures.get("p95_ms", 0.0),
            partial=body.get("partial", False),
            reasons=(*_about(body, route), *general, *_lenient(body, route, promises)),
        )
        for route, figures in routes.items()
        if route in digests
    }


def _about(body: Mapping[str, Any], route: str) -> tuple[str, ...]:
    return tuple(reason for reason in body.get("reasons", ()) if reason.startswith(f"{route}: "))


def _lenient(body: Mapping[str, Any], route: str, promises: Mapping[str, Promised]) -> Iterator[str]:
    """What the run was not held to as the route table promises it."""
    held: Mapping[str, Any] = body.get("objectives", {}).get(route, {})
    promise = promises.get(route, Promised({}))
    for aim, bound in promise.bounds.items():
        if held.get(aim, math.inf) > bound:
            was = _bound(aim, held[aim]) if aim in held else "nothing"
            yield f"{route}: judged by {aim} {was}, where {_bound(aim, bound)} is promised"
    for aim in sorted(promise.required - set(held.get("required", ()))):
        yield f"{route}: judged without the proof of {aim} that is required"


def _bound(aim: Aim, bound: float) -> str:
    return verdict.value(aim, bound if aim in {Aim.ERRORS, Aim.RATIO} else round(bound * 1000, 6))


def _general(body: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, ...]:
    """Why the run failed as a whole. What all routes together missed is explained by a route that missed the same."""
    failing = [item for item in body.get("judgements", ()) if item["fails"]]
    explained = {item["aim"] for item in failing if item["route"] != _OVERALL}
    together = {item["aim"] for item in failing if item["route"] == _OVERALL}
    reasons = body.get("reasons", ())
    whole = [reason for reason in reasons if not any(reason.startswith(f"{name}: ") for name in names)]
    return (*whole, *(_about(body, _OVERALL) if together - explained else ()))
