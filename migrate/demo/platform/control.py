"""The control port: the journal to read, faults to set. It belongs to no service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.core.errors import UsageError
from migrate.demo.platform.faults import Fault

if TYPE_CHECKING:
    from starlette.requests import Request

    from migrate.demo.platform.faults import Faults
    from migrate.demo.platform.journal import Journal


def control_app(journal: Journal, faults: Faults, services: tuple[str, ...]) -> Starlette:
    """The journal under /deliveries (`GET` with `since=NUMBER`, `DELETE`), faults under /faults (`POST`, `DELETE`).

    A fault that makes no sense is 422 with the reason.
    """

    async def deliveries(request: Request) -> Response:
        if request.method == "DELETE":
            journal.clear()
            return Response(status_code=204)
        since = request.query_params.get("since", "0")
        return JSONResponse(journal.entries(int(since) if since.isdecimal() else 0))

    async def set_faults(request: Request) -> Response:
        if request.method == "DELETE":
            faults.clear()
            return Response(status_code=204)
        try:
            faults.add(Fault.from_json(await request.json(), services))
        except (UsageError, json.JSONDecodeError) as error:
            return JSONResponse({"detail": str(error)}, 422)
        return Response(status_code=204)

    return Starlette(
        routes=[
            Route("/deliveries", deliveries, methods=["GET", "DELETE"]),
            Route("/faults", set_faults, methods=["POST", "DELETE"]),
        ],
    )
