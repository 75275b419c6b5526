"""The page."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any

import pytest

from gateway.api.docs import CONTENT_POLICY, docs_page, kind
from gateway.core.routes import Access, Stage
from gateway.openapi import merged, with_stages
from tests.apps.chromium import browser
from tests.apps.echo import respond, upstream
from tests.apps.gateways import running
from tests.apps.table import route, service, table
from tests.gateway.openapi.documents import described

EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'{{7*7}}"
ROUTES = (
    route("things.get", "compute", "GET /things/{id}", "GET /api/things/{id}"),
    route("things.list", "compute", "GET /things", "GET /api/things", access=Access.PUBLIC),
)
OPERATION: dict[str, Any] = {
    "summary": EVIL,
    "description": EVIL,
    "parameters": [{"name": EVIL, "in": "query", "description": EVIL, "schema": {"enum": [EVIL]}}],
    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Evil"}}}},
    "responses": {"200": {"description": EVIL, "content": {"application/json": {"schema": {"const": EVIL}}}}},
}
SCHEMAS = {
    "Evil": {"description": EVIL, "properties": {EVIL: {"type": "string", "description": EVIL, "format": EVIL}}}
}


def page() -> str:
    """The page of a service that writes hostile things."""
    known = described({"/things/{id}": {"get": OPERATION}}, schemas=SCHEMAS)
    document = merged(table("http://a", *ROUTES), {"compute": known}, prefix="/api/v1", url="http://g", version=EVIL)
    return docs_page(with_stages(document, {"things.get": "canary"}), "/api/v1/openapi.json")


def test_whatever_services_write_is_text() -> None:
    """Not one of their characters is markup or a template."""
    text = page()
    assert text.count("<script") == 1
    assert "<img" not in text
    assert "onerror=alert(1)&gt;" in text
    assert "{{7*7}}" in text


def test_the_page_loads_nothing_and_allows_nothing() -> None:
    """No address but its own document's; only its own style and script may act."""
    text = page()
    assert set(re.findall(r'(?:href|src)="([^"#][^"]*)"', text)) == {"data:,", "/api/v1/openapi.json"}
    assert "src=" not in text.replace("img src=x", "")
    assert "unsafe" not in CONTENT_POLICY
    assert CONTENT_POLICY.startswith("default-src 'none'; style-src 'sha256-")


def test_operations_are_told_whole() -> None:
    """Method, path, route, access, stage, effect, parameters with their types, answers."""
    text = page()
    for told in ("things.get", "/api/things/{id}", "canary", "jwt", "public", "effect", "Nothing is served here"):
        assert told in text


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        (True, "anything"),
        (False, "nothing"),
        ({}, "anything"),
        ({"type": ["string", "null"]}, "string or null"),
        ({"type": "string", "format": "uuid"}, "string (uuid)"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/A"}}, "array of A"),
        ({"anyOf": [{"type": "string"}, {"enum": ["a", 1]}]}, "string or a | 1"),
        ({"allOf": [{"const": None}, {"$ref": "#/components/schemas/A"}]}, "None and A"),
    ],
)
def test_schemas_in_a_few_words(schema: Any, expected: str) -> None:
    """Short enough for a table cell."""
    assert "".join(text for text, _ in kind(schema)) == expected


@pytest.mark.proof
async def test_the_page_works_in_a_browser() -> None:
    """Chromium shows it without a complaint, runs nothing of the services', and the search finds one operation."""

    async def behave(_seen: object, _reader: object, writer: Any) -> bool:
        paths = {"/things/{id}": {"get": OPERATION}}
        document = {"openapi": "3.1.0", "paths": paths, "components": {"schemas": SCHEMAS}}
        return await respond(writer, 200, json.dumps(document).encode())

    async with upstream(behave) as up:
        services = (service("compute", up.address, openapi="/openapi.json"),)
        async with running(table(up.address, *ROUTES, services=services), stage=Stage.CANARY) as gate:
            # The browser is driven without a loop, beside the one that serves the page.
            await asyncio.to_thread(looked_at, gate.addresses.public + "/api/v1/docs")


def looked_at(url: str) -> None:
    """What a person does: open, search, follow a link."""
    with browser() as page:
        page.open(url, 1200, dark=False)
        shown = "[...document.querySelectorAll('details:not([hidden])')].map(item => item.id).join()"
        assert {"things.get", "things.list"} < set(page.evaluate(shown).split(","))
        page.evaluate("find.value = 'canary get things {id}'; find.dispatchEvent(new Event('input'))")
        assert page.evaluate(shown) == "things.get"
        page.evaluate("location.hash = '#things.get'")
        deadline = time.monotonic() + 5
        while not page.evaluate("document.getElementById('things.get').open"):
            assert time.monotonic() < deadline
        assert page.evaluate("document.querySelectorAll('script').length") == 1
        assert page.evaluate("getComputedStyle(document.querySelector('.method')).display") == "inline-block"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") is True
        assert page.complaints == []
        assert {address.partition("#")[0] for address in page.requests if not address.startswith("data:")} == {url}
