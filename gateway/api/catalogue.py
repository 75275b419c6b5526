"""The merged document and its page as bytes, made when the table, a document or a stage has changed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.api.docs import CONTENT_POLICY, docs_page
from gateway.api.page import HTML, JSON, Rendered, as_json
from gateway.openapi import merged, with_stages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.api.documents import Documents
    from gateway.core.table import RouteTable
    from gateway.flags.flag import FlagSnapshot
    from gateway.openapi import Described

    Render = Callable[[dict[str, Any], RouteTable, FlagSnapshot], Rendered]


class Catalogue:
    """One document for all who ask: whoever comes while it is made waits for the same one."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._lock = asyncio.Lock()
        self._merged: tuple[RouteTable, int, str, dict[str, Any]] | None = None
        self._made: dict[str, tuple[dict[str, Any], FlagSnapshot, Rendered]] = {}

    async def openapi(self, table: RouteTable, flags: FlagSnapshot, url: str) -> Rendered:
        """The merged OpenAPI document."""
        return await self._current(_rendered_document, table, flags, url)

    async def page(self, table: RouteTable, flags: FlagSnapshot, url: str) -> Rendered:
        """The page of it."""
        return await self._current(_rendered_page, table, flags, url)

    async def _current(self, render: Render, table: RouteTable, flags: FlagSnapshot, url: str) -> Rendered:
        async with self._lock:
            known = await self._documents.of(table)
            key = (table, self._documents.version, url)
            if self._merged is None or self._merged[0] is not table or self._merged[1:3] != key[1:]:
                self._merged = (*key, await asyncio.to_thread(_merge, table, known, url))
            document = self._merged[3]
            made = self._made.get(render.__name__)
            if made is None or made[0] is not document or made[1] is not flags:
                made = (document, flags, await asyncio.to_thread(render, document, table, flags))
                self._made[render.__name__] = made
            return made[2]


def _merge(table: RouteTable, known: Mapping[str, Described | None], url: str) -> dict[str, Any]:
    return merged(table, known, prefix=table.policy.api.prefix, url=url, version=table.policy.build or __version__)


def _rendered_document(document: dict[str, Any], table: RouteTable, flags: FlagSnapshot) -> Rendered:
    return Rendered.of(JSON, as_json(_staged(document, table, flags)))


def _rendered_page(document: dict[str, Any], table: RouteTable, flags: FlagSnapshot) -> Rendered:
    page = docs_page(_staged(document, table, flags), f"{table.policy.api.prefix}/openapi.json")
    return Rendered.of(HTML, page.encode("utf-8", "backslashreplace"), CONTENT_POLICY)


def _staged(document: dict[str, Any], table: RouteTable, flags: FlagSnapshot) -> dict[str, Any]:
    return with_stages(document, {route.id: str(flags.flag(route.id).stage) for route in table.routes})
