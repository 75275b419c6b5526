from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.config import load_table
from loadtests.pages import (
    DASHBOARD,
    FIRST,
    Call,
    Learn,
    learned,
    pages_for,
    plain_read,
    ready,
    routes_of,
    time_range,
)
from migrate.presets import preset_text
from tests.apps.load_target import table

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.core.table import RouteTable


@pytest.fixture
def small(tmp_path: Path) -> RouteTable:
    """The table of the small load target."""
    (tmp_path / "cutover.yaml").write_text(table(1))
    return load_table(tmp_path / "cutover.yaml")


def test_both_sides_come_from_the_route_table(small: RouteTable) -> None:
    """A call is written once, on its legacy path; the gateway's form has moved parameters at their place."""
    found = ready(small, Call("orchestration", "/deployment/listPools/{org}"), {"org": "o-1"})
    assert found is not None
    assert (found.route.id, found.legacy, found.gateway) == (
        "pools.list",
        "/deployment/listPools/o-1",
        "/api/v1/pools?org=o-1",
    )


@pytest.mark.parametrize(
    "call",
    [
        Call("orchestration", "/deployment/status/{deployment}"),
        Call("orchestration", "/nowhere"),
        Call("sidecar", "/health"),
    ],
)
def test_what_cannot_be_asked_is_not_ready(small: RouteTable, call: Call) -> None:
    """An unknown variable, an unrouted path or an unknown service gives nothing to send."""
    assert ready(small, call, {}) is None


def test_pages_keep_only_routed_calls(small: RouteTable) -> None:
    """Calls that the table does not route, or that are left out, are dropped, and empty pages with them."""
    pages = pages_for(small, left_out=("keys.list",))
    assert {page.name for page in pages} == {"first", "overview", "deployments", "deployment", "pools", "status"}
    routes = {route.id for route in routes_of(small, pages)}
    assert routes == {"status.health", "auth.me", "deployments.list", "deployments.get", "pools.list"}


def test_another_platform_is_loaded_by_its_plain_reads(small: RouteTable) -> None:
    """Where no page of the dashboard is routed, every exposed read without parameters is a page."""
    other = replace(
        small,
        services={f"x-{name}": service for name, service in small.services.items()},
        routes=tuple(replace(route, service=f"x-{route.service}") for route in small.routes),
    )
    assert [page.name for page in pages_for(other)] == ["status.health", "auth.me", "keys.list", "deployments.list"]
    assert all(plain_read(route) for route in routes_of(other, pages_for(other)))


def test_answers_teach_variables() -> None:
    """Ids are taken from lists at the root or in a member; anything else teaches nothing."""
    body = b'{"deployments": [{"deployment_id": "d-1"}, {"deployment_id": null}, {"deployment_id": "d-2"}]}'
    assert learned(Learn("deployment", "deployments", "deployment_id"), body) == ("d-1", "d-2")
    assert learned(Learn("collection"), b'["handbook", 3]') == ("handbook",)
    for useless in (b"", b"<html>", b"[]", b"{}", b'{"deployments": {}}', b"null"):
        assert learned(Learn("deployment", "deployments", "deployment_id"), useless) == ()


def test_the_time_range_is_written_as_the_dashboard_does() -> None:
    """ISO 8601 with milliseconds and Z, seven days apart."""
    found = time_range(1_795_376_557.330)
    assert found == {"start": "2026-11-15T19:42:37.330Z", "end": "2026-11-22T19:42:37.330Z"}


def test_every_call_of_the_persona_is_in_the_shipped_table(tmp_path: Path) -> None:
    """On the preset no call of any page is dropped: what the dashboard asks is routed."""
    (tmp_path / "inferia.yaml").write_text(preset_text("inferia"))
    shipped = load_table(tmp_path / "inferia.yaml", {})
    written = [call for page in (FIRST, *DASHBOARD) for wave in page.waves for call in wave]
    names = {name for call in written for name in re.findall(r"\{(\w+)\}", call.target)}
    dropped = [call.target for call in written if ready(shipped, call, dict.fromkeys(names, "any")) is None]
    assert dropped == []
