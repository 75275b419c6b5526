"""Which own page a request is for, under which methods; the spine serves everything else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from gateway.answer import Answer
from gateway.api import ofrep
from gateway.api.catalogue import Catalogue
from gateway.api.documents import Documents
from gateway.api.health import ServicesHealth
from gateway.api.page import JSON, answered, as_json, whole
from gateway.forwarding import way_of
from gateway.limit.subject import address_subject
from gateway.problem import NotAllowed, NotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from gateway.core.table import RouteTable
    from gateway.handle import Call, Context

    Page = Callable[[Call], Awaitable[Answer]]
    Methods = Mapping[str, Page]

OWN = ("/.cutover/", "/ofrep/")
"""Below these nothing but own pages is served; beside them own pages stand under `policy.api.prefix`."""
CLASS = "read"
"""The limit class of own pages, debited to the client's address; a table without it limits none."""
_ALIVE = "health"
"""What load balancers ask is never limited."""
_FLAG = "evaluate"
_EVALUATE = "/ofrep/v1/evaluate/flags"
_NONE: Methods = {}


class Pages:
    """The own pages over one context."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self.documents = Documents(context.pool, context.metrics)
        self._catalogue = Catalogue(self.documents)
        self._health = ServicesHealth(context.pool, context.resilience.circuits)
        self._prefix: str | None = None
        self._paths: dict[str, tuple[str, Methods]] = {}

    def find(self, table: RouteTable, path: str) -> tuple[str, Methods] | None:
        """An own page's name and its methods, none where nothing is; None when the spine serves this path."""
        if table.policy.api.prefix != self._prefix:
            self._place(table.policy.api.prefix)
        found = self._paths.get(path)
        if found is None and path.startswith(OWN):
            return self._flag(path) or ("", _NONE)
        return found

    async def answer(self, call: Call, found: tuple[str, Methods]) -> Answer:
        """What the page says.

        Raises:
            BadRequest: the request can be read in two ways.
            NotFound: there is no such page.
            NotAllowed: it is there under other methods.
            RateLimited: the client's address has asked too often.
        """
        self._context.parts.guard(call.request)
        name, methods = found
        if not methods:
            raise NotFound("Not Found", reason="no-route")
        call.entry.route, call.entry.standing = f"cutover.{name}", "own"
        if name == _FLAG:
            # The key is whatever a client wrote.
            call.entry.path = _EVALUATE
        method = call.request.method
        allowed = sorted({*methods, "OPTIONS", *(["HEAD"] if "GET" in methods else [])})
        if call.request.is_preflight:
            return self._context.parts.preflight(call.table.policy.cors, call.request, allowed)
        if method == "OPTIONS":
            return Answer(204, (("allow", ", ".join(allowed)),))
        page = methods.get("GET" if method == "HEAD" else method)
        if page is None:
            raise NotAllowed(allowed)
        call.body.check()
        await self._limit(call, name)
        answer = await page(call)
        return replace(answer, body=b"") if method == "HEAD" else answer

    async def _limit(self, call: Call, name: str) -> None:
        policy, request = call.table.policy, call.request
        way = way_of(request.headers, request.client, call.scheme, policy.trusted_proxies, policy.proxy_header)
        call.entry.client = way.client
        if name != _ALIVE:
            subject = address_subject(way.client)
            call.told += (await self._context.limits.debit(call.table, CLASS, subject, shadow=False)).headers

    def _place(self, prefix: str) -> None:
        read: Callable[[Page], dict[str, Page]] = lambda page: {"GET": page}  # noqa: E731 - names the common case
        document, docs = ("openapi", read(self._openapi)), ("docs", read(self._docs))
        self._paths = {
            f"{prefix}/openapi.json": document,
            f"{prefix}/docs": docs,
            f"{prefix}/health/services": ("services", read(self._services)),
            "/.cutover/openapi.json": document,
            "/.cutover/docs": docs,
            "/.cutover/health": (_ALIVE, read(self._alive)),
            "/.cutover/flags": ("flags", read(self._flags)),
            _EVALUATE: (_FLAG, {"POST": lambda call: ofrep.evaluate_all(self._context, call)}),
        }
        self._prefix = prefix

    def _flag(self, path: str) -> tuple[str, Methods] | None:
        folder, _, raw = path.rpartition("/")
        if folder != _EVALUATE or not raw:
            return None
        key = unquote(raw, errors="replace")
        return _FLAG, {"POST": lambda call: ofrep.evaluate(self._context, call, key)}

    async def _openapi(self, call: Call) -> Answer:
        context = self._context
        return answered(await self._catalogue.openapi(call.table, context.flags(), context.public_url), call.request)

    async def _docs(self, call: Call) -> Answer:
        context = self._context
        return answered(await self._catalogue.page(call.table, context.flags(), context.public_url), call.request)

    async def _services(self, call: Call) -> Answer:
        return whole(200, JSON, as_json(await self._health.of(call.table)))

    async def _alive(self, call: Call) -> Answer:
        told = {"status": "ok", "platform": call.table.platform, "flags": self._context.flags().revision}
        return whole(200, JSON, as_json(told))

    async def _flags(self, call: Call) -> Answer:
        return whole(200, JSON, as_json(flags_view(self._context, call.table)))


def flags_view(context: Context, table: RouteTable) -> dict[str, Any]:
    """Stage and share of every exposed route; who, why and named subjects stay inside."""
    snapshot = context.flags()
    routes = {
        route.id: {"stage": str(flag.stage), "percent": flag.percent, "revision": flag.revision}
        for route in table.routes
        if route.gateway is not None and (flag := snapshot.flag(route.id))
    }
    return {"revision": snapshot.revision, "routes": routes}
