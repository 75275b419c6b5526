"""Insights."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from migrate.demo.platform.seed import Seed
    from tests.migrate.demo.platform.conftest import Call


def span() -> str:
    """The last day, as the dashboard writes it."""
    end = datetime.now(UTC)
    return f"start_time={quote((end - timedelta(days=1)).isoformat())}&end_time={quote(end.isoformat())}"


async def ask(call: Call, name: str, more: str = "", who: str = "member") -> Any:
    """One figure over the last day."""
    answer = await call("filtration", "GET", f"/management/insights/{name}?{span()}{more}", who=who)
    assert answer.status_code == 200
    return answer.json()


async def test_filters_narrow_every_figure(call: Call, seed: Seed) -> None:
    """By deployment, model, address and status; a foreigner has nothing."""
    assert (await ask(call, "summary"))["totals"]["requests"] == 3
    assert (await ask(call, "summary", f"&deployment_id={seed.running_deployment}"))["totals"]["requests"] == 1
    assert (await ask(call, "summary", "&model=fake-gpt&ip_address=10.0.0.1"))["totals"]["requests"] == 1
    assert (await ask(call, "summary", "&status=error"))["totals"]["requests"] == 0
    assert (await ask(call, "summary", who="foreign"))["totals"]["requests"] == 0


async def test_lists_have_their_shape(call: Call) -> None:
    """Logs are paged with a total, the top lists are limited, buckets have a granularity."""
    logs = await ask(call, "logs", "&limit=2&offset=2")
    assert (len(logs["items"]), logs["pagination"]) == (1, {"limit": 2, "offset": 2, "total": 3})
    assert [row["model"] for row in (await ask(call, "top-models", "&limit=1"))["items"]] == ["fake-gpt"]
    assert len((await ask(call, "top-ips"))["items"]) == 3
    assert (await ask(call, "timeseries", "&granularity=hour"))["granularity"] == "hour"
    filters = await ask(call, "filters")
    assert filters["models"] == ["fake-gpt", "llama-live"]
    assert [row["model_name"] for row in filters["deployments"]] == ["fake-gpt", "llama-done", "llama-live"]


@pytest.mark.parametrize(
    "query",
    ["", "start_time=2026-01-01T00:00:00", "start_time=2026-01-01T00:00:00+00:00&end_time=2026-01-01T00:00:00"],
)
async def test_times_are_required_and_a_bare_plus_breaks_them(call: Call, query: str) -> None:
    """A `+` in a query is a space, so a time zone has to stay `%2B`."""
    assert (await call("filtration", "GET", f"/management/insights/summary?{query}", who="member")).status_code == 422
