"""The merged document as bytes."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from gateway.api.catalogue import Catalogue
from gateway.api.documents import Documents
from gateway.core.routes import Stage
from gateway.flags.flag import FlagSnapshot
from gateway.metrics import Metrics
from gateway.transport.pool import Pool
from tests.apps.table import flags, route, table

A = route("a", "compute", "GET /a", "GET /api/a")
TABLE = table("http://unused", A)
FLAGS = flags(TABLE, Stage.CANARY)


async def test_it_is_made_once_until_something_changes() -> None:
    """The same bytes for everybody; another stage, another table or another public URL makes others."""
    catalogue = Catalogue(Documents(Pool(), Metrics()))
    first, again = await asyncio.gather(*(catalogue.openapi(TABLE, FLAGS, "http://g") for _ in range(2)))
    assert first is again
    document = json.loads(first.body)
    assert document["paths"]["/api/a"]["get"]["x-cutover-stage"] == "canary"
    assert document["servers"] == [{"url": "http://g"}]
    others = [
        await catalogue.openapi(TABLE, flags(TABLE, Stage.GATEWAY), "http://g"),
        await catalogue.openapi(TABLE, FLAGS, "http://other"),
        await catalogue.openapi(replace(TABLE, platform="other"), FLAGS, "http://g"),
    ]
    assert len({first.tag, *(item.tag for item in others)}) == 4


async def test_the_page_is_of_the_same_document() -> None:
    """It names every operation, and where the document stands."""
    catalogue = Catalogue(Documents(Pool(), Metrics()))
    page = (await catalogue.page(TABLE, FlagSnapshot(), "http://g")).body.decode()
    assert "/api/a" in page
    assert 'href="/api/v1/openapi.json"' in page


async def test_the_page_of_a_document_with_lone_surrogates_is_made() -> None:
    """What JSON can say and UTF-8 cannot does not end the answer."""
    catalogue = Catalogue(Documents(Pool(), Metrics()))
    odd = replace(TABLE, platform="p\ud800")
    assert b"p\\ud800" in (await catalogue.page(odd, FLAGS, "http://g")).body
