"""Requests generated from the merged document, fitting and not: nothing makes the gateway answer 500 of its own.

The services behind it answer everything with 200, so a 500 here is the gateway's.
"""

from __future__ import annotations

import asyncio
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from gateway.config import load_table
from gateway.core.routes import Stage
from tests.apps.echo import upstream
from tests.apps.gateways import running
from tests.apps.recordings import shipped
from tests.apps.table import bearer, route, service, table
from tests.gateway.openapi.documents import answering

if TYPE_CHECKING:
    from gateway.core.table import RouteTable

ROOT = Path(__file__).parents[3]
BODY = {
    "type": "object",
    "required": ["thing", "count"],
    "properties": {"thing": {"type": "string"}, "count": {"type": "integer"}, "rest": {}},
}
DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "t", "version": "1"},
    "paths": {
        "/things/{thing_id}/{rest}": {
            "get": answering(
                parameters=[
                    {"name": "thing_id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "rest", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "q", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                    {"name": "X-Client-Version", "in": "header", "schema": {"type": "string"}},
                ]
            )
        },
        "/stop": {"post": answering(requestBody={"content": {"application/json": {"schema": BODY}}})},
        "/form": {
            "post": answering(
                requestBody={
                    "content": {
                        "multipart/form-data": {
                            "schema": {
                                "type": "object",
                                "properties": {"file": {"type": "string", "format": "binary"}},
                            }
                        }
                    }
                }
            )
        },
    },
}
ROUTES = (
    route("things.get", "compute", "GET /things/{id}/{rest*}", "GET /api/v1/things/{id}/{rest*}"),
    route("things.stop", "compute", "POST /stop", "POST /api/v1/stop/{id}", moves=[("body.thing", "path.id")]),
    route("things.scoped", "compute", "POST /stop", "POST /api/v1/stop", scope=["body.thing"]),
    route("form", "compute", "POST /form", "POST /api/v1/form"),
)


async def attacked(known: RouteTable, examples: int) -> dict[int, int]:
    """How often each status came back, over generated requests for every operation of the table's document."""
    async with running(known, stage=Stage.GATEWAY) as gate:
        document = (await gate.get("/api/v1/openapi.json")).json()
        return await asyncio.to_thread(attack, document, gate.addresses.public, examples)


def attack(document: dict[str, Any], url: str, examples: int) -> dict[int, int]:
    """Send them one after the other; blocks, so it runs in a thread."""
    schema = schemathesis.openapi.from_dict(document)
    statuses: dict[int, int] = {}
    limited = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):

            @limited
            @given(case=operation.as_strategy(generation_mode=mode))
            def send(case: schemathesis.Case) -> None:
                for headers in ({}, bearer()):
                    response = case.call(base_url=url, headers=headers, timeout=10)
                    statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
                    assert response.status_code != 500, (case.as_curl_command(), response.text)
                    checked(response)

            try:
                send()
            except Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE, "an operation without anything to get wrong"
    return statuses


def checked(response: Any) -> None:
    """What the gateway answers itself is a problem with a detail, and every answer has a request id."""
    assert response.headers["x-request-id"]
    if response.headers.get("content-type") == ["application/problem+json"]:
        assert json.loads(response.content)["detail"]


@pytest.mark.proof
@pytest.mark.timeout(120)
async def test_nothing_generated_from_a_document_makes_a_500(tmp_path: Path) -> None:
    """Path, query, header, JSON and form parameters, moved and scoped ones, and the gateway's own pages."""
    (tmp_path / "compute.json").write_text(json.dumps(DOCUMENT))
    async with upstream() as up:
        services = (service("compute", up.address, openapi="compute.json"),)
        known = replace(table(up.address, *ROUTES, services=services), folder=str(tmp_path))
        statuses = await attacked(known, examples=8)
    assert {200, 401, 403} <= set(statuses)
    assert sum(statuses.values()) > 100


@pytest.mark.proof
@pytest.mark.timeout(600)
async def test_nothing_generated_from_the_platforms_documents_makes_a_500() -> None:
    """Every exposed operation of the shipped table, as the services' real documents describe them."""
    folder = shipped("openapi")
    async with upstream() as up:
        known = load_table(ROOT / "migrate" / "presets" / "inferia.yaml")
        documents = {name: folder / f"{name}.json" for name in known.services}
        services = {
            name: replace(
                item,
                internal=up.address,
                openapi=str(documents[name]) if documents[name].exists() else "",
            )
            for name, item in known.services.items()
        }
        # A document in a file is named relative to the table's folder; the root is one.
        relative = {name: replace(item, openapi=item.openapi.lstrip("/")) for name, item in services.items()}
        statuses = await attacked(
            replace(known, services=relative, limits={}, folder="/"), int(os.environ.get("N", "6"))
        )
    assert {200, 401} <= set(statuses)
    assert sum(statuses.values()) > 1000
