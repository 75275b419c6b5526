from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from migrate.exercise.documents import documents
from tests.apps.echo import upstream
from tests.apps.table import route, table

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.core.routes import Service


def service(openapi: str, internal: str = "http://127.0.0.1:9") -> Service:
    """A service that says where its document stands."""
    of = table(internal, route("r", "compute", "GET /a", "GET /b"))
    return replace(of.services["compute"], internal=internal, openapi=openapi)


def test_a_file_beside_the_table_is_read(tmp_path: Path) -> None:
    """By its name."""
    (tmp_path / "a.json").write_text(json.dumps({"paths": {"/a": {}}}))
    found, missing = documents([service("a.json")], str(tmp_path))
    assert (found, missing) == ({"compute": {"paths": {"/a": {}}}}, {})


async def test_what_cannot_be_had_is_told(tmp_path: Path) -> None:
    """No file, no answer, no document: each costs its own examples only; a service without one is no fault."""
    (tmp_path / "text.json").write_text("no json")
    for place in ("none.json", "/openapi.json", "text.json"):
        found, missing = documents([service(place)], str(tmp_path))
        assert found == {}
        assert set(missing) == {"compute"}
    assert documents([service("")], str(tmp_path)) == ({}, {})
    async with upstream() as echoing:
        import asyncio  # noqa: PLC0415 - the client is a blocking one

        found, missing = await asyncio.to_thread(documents, [service("/doc", echoing.address)], str(tmp_path))
    assert missing == {"compute": "it is no OpenAPI document"}
