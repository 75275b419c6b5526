"""One route as an OpenAPI operation: what the service says of it, and what the gateway adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.core.routes import Access
from gateway.headers import states_identity
from gateway.idempotency.key import counts
from gateway.openapi import parts
from gateway.openapi.moves import moved, renamed
from gateway.openapi.own import (
    PROBLEM_TYPE,
    PROBLEMS,
    header_references,
    idempotency_reference,
    problem_reference,
    problem_schema,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.core.routes import Route
    from gateway.openapi.described import Described, Found

_WITHOUT_BODY = frozenset({"GET", "HEAD", "OPTIONS"})
_FRAMING = frozenset(
    {"accept", "authorization", "content-length", "content-type", "host", "idempotency-key", "x-request-id"}
)


def operation(route: Route, described: Described | None) -> dict[str, Any]:
    """The operation with `Pointer`s where it refers to the service's schemas; without a document the table alone."""
    assert route.gateway is not None  # noqa: S101 - internal routes are in no document
    found = next((found for target in route.legacy_targets if described and (found := described.find(target))), None)
    known: dict[str, Any] = {}
    if found is not None and described is not None:
        known = _of_service(route, described, found)
    listed = known.pop("parameters", None) or [_path_parameter(name) for name in route.gateway.path.names]
    body = known.pop("requestBody", {})
    answers = known.pop("responses", None) or {"default": {"description": "As the service answers"}}
    return {
        "operationId": route.id,
        "tags": [group(route)],
        **known,
        "parameters": [*listed, *([idempotency_reference()] if keyed(route) else [])],
        **({"requestBody": body} if body else {}),
        "responses": _with_own(answers, applicable(route, has_body=bool(body) or not found)),
        "security": [] if route.access is Access.PUBLIC else [{str(route.access): []}],
        **extensions(route),
    }


def group(route: Route) -> str:
    """The first word of the route's id."""
    return route.id.partition(".")[0]


def extensions(route: Route) -> dict[str, str]:
    """What the table says beside: effect, limit class, service, and the permission where one is needed."""
    told = {
        "effect": str(route.effect),
        "limit": route.limit,
        "service": route.service,
        "permission": route.permission,
    }
    return {f"x-cutover-{name}": value for name, value in told.items() if value}


def keyed(route: Route) -> bool:
    """Whether an Idempotency-Key counts for the route."""
    return route.gateway is not None and counts(route, route.gateway.method)


def applicable(route: Route, *, has_body: bool) -> list[str]:
    """Statuses with which the gateway itself may answer a request for this route."""
    protected = route.access is not Access.PUBLIC
    applies = {
        "401": protected,
        "403": protected,
        "409": keyed(route),
        "413": has_body and route.gateway is not None and route.gateway.method not in _WITHOUT_BODY,
        "422": keyed(route),
    }
    return [status for status in PROBLEMS if applies.get(status, True)]


def _of_service(route: Route, described: Described, found: Found) -> dict[str, Any]:
    said = found.operation
    own = said.get("parameters")
    listed = parts.parameters(described, (*found.shared, *(own if isinstance(own, list) else ())))
    names = dict(zip(found.names, _legacy_names(route, len(found.names)), strict=False))
    travelling = {key: value for key, value in renamed(listed, names).items() if _travels(*key)}
    placed, body = moved(described, route, travelling, parts.body(described, said.get("requestBody")))
    told = {key: said[key] for key in ("summary", "description") if isinstance(said.get(key), str)}
    return {
        **told,
        **({"deprecated": True} if said.get("deprecated") is True else {}),
        "parameters": list(placed.values()),
        "requestBody": body,
        "responses": parts.answers(described, said.get("responses")),
    }


def _legacy_names(route: Route, count: int) -> tuple[str, ...]:
    """The route's names for the parameters of the first spelling that has as many as the document."""
    return next((target.path.names for target in route.legacy_targets if len(target.path.names) == count), ())


def _travels(place: str, name: str) -> bool:
    return place != "header" or not (name.lower() in _FRAMING or states_identity(name))


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": parts.ANYTHING}


def _with_own(answers: dict[str, Any], statuses: Iterable[str]) -> dict[str, Any]:
    told = dict(answers)
    for status in statuses:
        if status not in told:
            told[status] = problem_reference(status)
            continue
        content = {**told[status].get("content", {}), PROBLEM_TYPE: {"schema": problem_schema()}}
        told[status] = {**told[status], "content": content}
    for status, answer in told.items():
        if status[0] in "2d" and "$ref" not in answer:
            told[status] = {**answer, "headers": {**answer.get("headers", {}), **header_references()}}
    return dict(sorted(told.items()))
