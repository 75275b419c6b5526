"""The gateway's own API below /.cutover/: health, flags for clients, the exposed routes as OpenAPI and as a page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from gateway import __version__
from gateway.core.routes import Access, Kind

if TYPE_CHECKING:
    from gateway.core.routes import Route
    from gateway.core.table import RouteTable
    from gateway.handle import Context


def build_api(context: Context) -> FastAPI:
    """An application whose paths are relative to where it is mounted. Nothing here is secret."""
    api = FastAPI(title="Cutover", version=__version__, openapi_url=None, docs_url=None, redoc_url=None)
    # A redirect would be built from whatever Host the client sends.
    api.router.redirect_slashes = False

    @api.get("/health")
    def health() -> dict[str, Any]:
        return {"status": "ok", "platform": context.table.platform, "flags": context.flags().revision}

    @api.get("/flags")
    def flags() -> dict[str, Any]:
        return flags_view(context)

    @api.get("/openapi.json")
    def openapi() -> dict[str, Any]:
        return openapi_document(context.table, context.public_url)

    @api.get("/docs", response_class=HTMLResponse)
    def docs() -> str:
        return docs_page(context)

    return api


def flags_view(context: Context) -> dict[str, Any]:
    """Stage and share of every exposed route; who, why and named subjects stay inside."""
    snapshot = context.flags()
    routes = {
        route.id: {"stage": str(flag.stage), "percent": flag.percent, "revision": flag.revision}
        for route in context.table.routes
        if route.gateway is not None and (flag := snapshot.flag(route.id))
    }
    return {"revision": snapshot.revision, "routes": routes}


def openapi_document(table: RouteTable, url: str) -> dict[str, Any]:
    """The exposed routes as OpenAPI 3.1: paths, parameters and access; sockets have no place in it."""
    paths: dict[str, dict[str, Any]] = {}
    for route in table.routes:
        if route.gateway is not None and route.kind is not Kind.WEBSOCKET:
            path = route.gateway.path.text.replace("*}", "}")
            paths.setdefault(path, {})[route.gateway.method.lower()] = _operation(route)
    schemes = {
        "jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
        "api-key": {"type": "http", "scheme": "bearer", "description": "an API key"},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{table.platform} through the gateway", "version": __version__},
        "servers": [{"url": url}],
        "paths": paths,
        "components": {"securitySchemes": schemes},
    }


def _operation(route: Route) -> dict[str, Any]:
    names = route.gateway.path.names if route.gateway else ()
    return {
        "operationId": route.id,
        "tags": [route.service],
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
        ],
        "security": [] if route.access is Access.PUBLIC else [{str(route.access): []}],
        "responses": {"default": {"description": "As the service answers"}},
    }


def docs_page(context: Context) -> str:
    """The exposed routes as one self-contained page."""
    snapshot = context.flags()
    rows = "".join(
        f"<tr><td>{escape(route.gateway.method)}<td><code>{escape(route.gateway.path.text)}</code>"
        f"<td>{escape(route.id)}<td>{escape(route.access)}<td>{escape(snapshot.flag(route.id).stage)}"
        for route in context.table.routes
        if route.gateway is not None
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(context.table.platform)}</title>"
        "<style>body{font:15px system-ui;margin:2rem}td,th{text-align:left;padding:.2rem .8rem}</style>"
        f"<h1>{escape(context.table.platform)}</h1><table><tr><th>Method<th>Path<th>Route<th>Access<th>Stage"
        f"{rows}</table>"
    )
