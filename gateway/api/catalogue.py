"""The merged document and its page as bytes, made when the table, a document or a stage has changed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from gateway import __version__
from gateway.api.docs import CONTENT_POLICY, docs_page
from gateway.api.page import HTML, JSON, Rendered, as_json
from gateway.openapi import merged, with_stages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.api.documents import Documents
    from gateway.core.table import RouteTable
    from gateway.flags.flag import FlagSnapshot
    from gateway.openapi import Described


class Catalogue:
    """One document for all who ask: whoever comes while it is made waits for the same one."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._lock = asyncio.Lock()
        self._merged: tuple[RouteTable, int, str, dict[str, Any]] | None = None
        self._made: tuple[dict[str, Any], FlagSnapshot, Rendered, Rendered] | None = None

    async def openapi(self, table: RouteTable, flags: FlagSnapshot, url: str) -> Rendered:
        """The merged OpenAPI document."""
        return (await self._current(table, flags, url))[0]

    async def page(self, table: RouteTable, flags: FlagSnapshot, url: str) -> Rendered:
        """The page of it."""
        return (await self._current(table, flags, url))[1]

    async def _current(self, table: RouteTable, flags: FlagSnapshot, url: str) -> tuple[Rendered, Rendered]:
        async with self._lock:
            known = await self._documents.of(table)
            key = (table, self._documents.version, url)
            if self._merged is None or self._merged[0] is not table or self._merged[1:3] != key[1:]:
                self._merged = (*key, await asyncio.to_thread(_merge, table, known, url))
            document = self._merged[3]
            if self._made is None or self._made[0] is not document or self._made[1] is not flags:
                self._made = (document, flags, *await asyncio.to_thread(_render, document, table, flags))
            return self._made[2:]


def _merge(table: RouteTable, known: Mapping[str, Described | None], url: str) -> dict[str, Any]:
    return merged(table, known, prefix=table.policy.api.prefix, url=url, version=table.policy.build or __version__)


def _render(document: dict[str, Any], table: RouteTable, flags: FlagSnapshot) -> tuple[Rendered, Rendered]:
    staged = with_stages(document, {route.id: str(flags.flag(route.id).stage) for route in table.routes})
    page = docs_page(staged, f"{table.policy.api.prefix}/openapi.json")
    return Rendered.of(JSON, as_json(staged)), Rendered.of(HTML, page.encode(), CONTENT_POLICY)
