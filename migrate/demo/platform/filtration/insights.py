"""Figures over the organisation's inference logs."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse, Response

from migrate.demo.platform.filtration import figures
from migrate.demo.platform.filtration.access import Who
from migrate.demo.platform.inference_logs import organisation_logs, shown_log
from migrate.demo.platform.rows import InferenceLog
from migrate.demo.platform.values import naive
from migrate.demo.platform.wire import Here, page

router = APIRouter(prefix="/insights")

_STATUSES = ["all", "success", "error"]


async def _in_time(start_time: datetime, end_time: datetime, caller: Who, world: Here) -> list[InferenceLog]:
    start, end = naive(start_time), naive(end_time)
    assert start is not None  # noqa: S101 - both are required by the query
    assert end is not None  # noqa: S101 - likewise
    return [row for row in organisation_logs(world, caller.organisation) if start <= row.created_at <= end]


InTime = Annotated[list[InferenceLog], Depends(_in_time)]


async def _selected(
    logs: InTime,
    deployment_id: str | None = None,
    model: str | None = None,
    ip_address: str | None = None,
    status: Literal["all", "success", "error"] = "all",
) -> list[InferenceLog]:
    wanted = {"deployment": deployment_id, "model": model, "ip_address": ip_address}
    found = [row for row in logs if all(value in (None, getattr(row, name)) for name, value in wanted.items())]
    return found if status == "all" else [row for row in found if figures.succeeded(row) == (status == "success")]


Selected = Annotated[list[InferenceLog], Depends(_selected)]


@router.get("/summary")
async def summary(logs: Selected) -> Response:
    """Totals, latency and throughput."""
    return JSONResponse(figures.summary(logs))


@router.get("/timeseries")
async def timeseries(logs: Selected, granularity: Literal["hour", "day"] = "day") -> Response:
    """The same per hour or day; empty buckets are left out."""
    return JSONResponse({"granularity": granularity, "buckets": figures.buckets(logs, granularity)})


@router.get("/top-ips")
async def top_ips(logs: Selected, limit: Annotated[int, Query(ge=1, le=100)] = 12) -> Response:
    """Addresses with the most requests."""
    return JSONResponse({"items": figures.top(logs, "ip_address", limit)})


@router.get("/top-models")
async def top_models(logs: Selected, limit: Annotated[int, Query(ge=1, le=50)] = 10) -> Response:
    """Models with the most requests."""
    return JSONResponse({"items": figures.top(logs, "model", limit)})


@router.get("/logs")
async def list_logs(
    logs: Selected,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """A page of logs with the total."""
    shown = [shown_log(row) for row in page(logs, offset, limit)]
    pagination = {"limit": limit, "offset": offset, "total": len(logs)}
    return JSONResponse({"items": shown, "pagination": pagination})


@router.get("/filters")
async def filters(logs: InTime, caller: Who, world: Here) -> Response:
    """What the dashboard offers to filter by."""
    own = world.deployments.where(lambda row: row.organisation == caller.organisation)
    options: dict[str, Any] = {
        "deployments": [
            {"id": row.id, "model_name": row.model_name} for row in sorted(own, key=lambda row: row.model_name)
        ],
        "models": sorted({row.model for row in logs}),
        "ip_addresses": sorted({row.ip_address for row in logs if row.ip_address}),
        "status_options": _STATUSES,
    }
    return JSONResponse(options)
