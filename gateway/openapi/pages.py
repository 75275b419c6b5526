"""The gateway's own pages, as OpenAPI path items."""

from __future__ import annotations

from typing import Any

from gateway.openapi.own import problem_reference

TEXT = {"type": "string"}


def _json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def _page(route: str, told: str, **members: Any) -> dict[str, Any]:
    refused = {status: problem_reference(status) for status in ("400", "429")}
    answers = {**refused, **members.pop("responses")}
    said = {"operationId": route, "tags": ["cutover"], "summary": told, **members}
    return {**said, "responses": answers, "security": []}


def pages(prefix: str) -> dict[str, dict[str, Any]]:
    """The gateway's own pages as path items; `prefix` is where its API stands."""
    asked = {"required": True, "content": _json("FlagRequest")}
    failed = {"description": "The context cannot be used", "content": _json("FlagFailure")}
    key = {"name": "key", "in": "path", "required": True, "schema": TEXT, "description": "ROUTE or ROUTE:gateway"}
    flags = {"type": "object", "required": ["flags"], "properties": {"flags": {"type": "array", "items": {}}}}
    health = {"200": {"description": "How each service is", "content": _json("ServicesHealth")}}
    one = {
        "200": {"description": "The side that serves", "content": _json("FlagValue")},
        "400": failed,
        "401": {"description": "The Authorization header does not hold"},
        "404": {"description": "No such flag", "content": _json("FlagFailure")},
        "413": problem_reference("413"),
    }
    every = {
        "200": {"description": "Every flag", "content": {"application/json": {"schema": flags}}},
        "304": {"description": "Nothing has changed"},
        **{status: one[status] for status in ("400", "401", "413")},
    }
    match = {"name": "If-None-Match", "in": "header", "schema": TEXT}
    return {
        f"{prefix}/health/services": {"get": _page("cutover.health", "How the services are", responses=health)},
        "/ofrep/v1/evaluate/flags": {
            "post": _page(
                "cutover.flags", "Which path serves, by route", parameters=[match], requestBody=asked, responses=every
            )
        },
        "/ofrep/v1/evaluate/flags/{key}": {
            "post": _page(
                "cutover.flag", "Which path serves one route", parameters=[key], requestBody=asked, responses=one
            )
        },
    }
