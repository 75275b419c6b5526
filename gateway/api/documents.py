"""The services' own OpenAPI documents: read at the start, at a reload, and again while somebody asks for them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gateway.ask import ask
from gateway.openapi import Described, Unusable
from gateway.transport.errors import TransportError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.core.routes import Service
    from gateway.core.table import RouteTable
    from gateway.metrics import Metrics
    from gateway.transport.pool import Pool

FRESH = 60.0
"""Seconds for which what was read is not asked for again."""
LARGEST = 4 << 20
"""Bytes of a document in a file; over the network it is what `ask` takes."""
_OK = 200


class Documents:
    """What is known of each service; `version` grows with every change.

    A document that cannot be read once more stays as it was last read; a service whose document was never read has
    None. Each failure is counted.
    """

    def __init__(self, pool: Pool, metrics: Metrics) -> None:
        self.known: Mapping[str, Described | None] = {}
        self.version = 0
        self._pool = pool
        self._metrics = metrics
        self._texts: dict[tuple[str, str, str], tuple[bytes, Described]] = {}
        self._read: tuple[RouteTable, float] | None = None
        self._reading: dict[int, asyncio.Task[None]] = {}
        self._wanted: RouteTable | None = None

    async def of(self, table: RouteTable) -> Mapping[str, Described | None]:
        """What is known of the table's services; waits only where this table's documents were never read."""
        if self._read is None or self._read[0] is not table:
            await asyncio.shield(self.refresh(table))
        elif time.monotonic() - self._read[1] > FRESH:
            self.refresh(table)
        return self.known

    def refresh(self, table: RouteTable) -> asyncio.Task[None]:
        """Begin to read the documents, unless that is under way for this table; the last table asked for counts."""
        self._wanted = table
        reading = self._reading.get(id(table))
        if reading is None:
            reading = self._reading[id(table)] = asyncio.create_task(self._refresh(table))
            reading.add_done_callback(lambda _: self._reading.pop(id(table), None))
        return reading

    def close(self) -> None:
        """Give up what is under way."""
        for reading in list(self._reading.values()):
            reading.cancel()

    async def _refresh(self, table: RouteTable) -> None:
        services = list(table.services.values())
        found = await asyncio.gather(*(self._described(table, service) for service in services))
        if self._wanted is not table:
            return
        known = {service.name: document for service, document in zip(services, found, strict=True)}
        if self._read is None or self._read[0] is not table or known != self.known:
            self.version += 1
        self.known, self._read = known, (table, time.monotonic())
        kept = {_key(table, service) for service in services}
        self._texts = {key: text for key, text in self._texts.items() if key in kept}

    async def _described(self, table: RouteTable, service: Service) -> Described | None:
        if not service.openapi:
            return None
        before = self._texts.get(_key(table, service))
        try:
            text = await self._text(table, service)
            if before is not None and before[0] == text:
                return before[1]
            described = await asyncio.to_thread(Described, text)
        except (TransportError, OSError, Unusable) as error:
            reason = "unusable" if isinstance(error, Unusable) else "unreachable"
            self._metrics.count("cutover_openapi_failures_total", service=service.name, reason=reason)
            return before[1] if before else None
        self._texts[_key(table, service)] = (text, described)
        return described

    async def _text(self, table: RouteTable, service: Service) -> bytes:
        place = service.openapi
        if service.openapi_is_a_file:
            return await asyncio.to_thread(read_document, Path(table.folder, place))
        parts = urlsplit(place)
        url = f"{parts.scheme}://{parts.netloc}" if parts.netloc else service.internal
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        reply = await ask(self._pool, url, target or "/", (("Accept", "application/json"),))
        if reply.status != _OK:
            raise Unusable(f"the answer is {reply.status}")
        return reply.body


def _key(table: RouteTable, service: Service) -> tuple[str, str, str]:
    return service.internal, table.folder, service.openapi


def read_document(path: Path) -> bytes:
    """The document in a file.

    Raises:
        OSError: it cannot be read.
        Unusable: it is larger than `LARGEST`.
    """
    with path.open("rb") as file:
        text = file.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise Unusable("it is larger than 4 MiB")
    return text
